"""How keys are encrypted in a CPIX document (§"Key Management", table of mandatory algorithms). Pure.

Each document has a key of its own and a MAC key, both encrypted for every recipient with RSA-OAEP-MGF1-SHA1.
Content keys are encrypted with AES-256-CBC under the document key, and HMAC-SHA512 is taken over IV and
ciphertext. (SHA-1 within OAEP is what the format prescribes; OAEP does not rest on its collision resistance.)
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha512

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import Certificate

from transcoder.keys.secret import SecretBytes

AES = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
RSA = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"
_BLOCK = 16
_DOCUMENT_BYTES, _MAC_BYTES = 32, 64
MIN_RSA_BITS = 2048


class BrokenSeal(Exception):
    """A sealed key was altered, or is not for this recipient."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted key: IV and ciphertext in one, and their MAC."""

    cipher: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Sealer:
    """The two keys of one document."""

    document: SecretBytes
    mac: SecretBytes

    @classmethod
    def make(cls) -> "Sealer":
        """Draw the keys of a new document."""
        return cls(
            SecretBytes(secrets.token_bytes(_DOCUMENT_BYTES)), SecretBytes(secrets.token_bytes(_MAC_BYTES))
        )

    @classmethod
    def opened(cls, document: bytes, mac: bytes, key: RSAPrivateKey) -> "Sealer":
        """Decrypt a document's keys as their recipient. Raises BrokenSeal."""
        try:
            return cls(SecretBytes(key.decrypt(document, _oaep())), SecretBytes(key.decrypt(mac, _oaep())))
        except ValueError:
            raise BrokenSeal("the document is not for this key") from None

    def for_recipient(self, certificate: Certificate) -> tuple[bytes, bytes]:
        """Encrypt document key and MAC key for a certificate's holder. Raises ValueError if it is not RSA."""
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
            raise ValueError(f"the certificate's key is not RSA of at least {MIN_RSA_BITS} bits")
        return key.encrypt(self.document.reveal(), _oaep()), key.encrypt(self.mac.reveal(), _oaep())

    def seal(self, key: SecretBytes) -> Sealed:
        """Encrypt a content key."""
        iv, padder = secrets.token_bytes(_BLOCK), PKCS7(_BLOCK * 8).padder()
        encryptor = self._cipher(iv).encryptor()
        padded = padder.update(key.reveal()) + padder.finalize()
        cipher = iv + encryptor.update(padded) + encryptor.finalize()
        return Sealed(cipher, self._tag(cipher))

    def unseal(self, sealed: Sealed) -> SecretBytes:
        """Decrypt a content key; its MAC is checked first. Raises BrokenSeal."""
        if not hmac.compare_digest(self._tag(sealed.cipher), sealed.mac):
            raise BrokenSeal("a key was altered")
        decryptor = self._cipher(sealed.cipher[:_BLOCK]).decryptor()
        unpadder = PKCS7(_BLOCK * 8).unpadder()
        padded = decryptor.update(sealed.cipher[_BLOCK:]) + decryptor.finalize()
        return SecretBytes(unpadder.update(padded) + unpadder.finalize())

    def _cipher(self, iv: bytes) -> Cipher[CBC]:
        return Cipher(AES256(self.document.reveal()), CBC(iv))

    def _tag(self, cipher: bytes) -> bytes:
        return hmac.digest(self.mac.reveal(), cipher, sha512)


def _oaep() -> OAEP:
    return OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303  # prescribed by the format
