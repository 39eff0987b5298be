"""What happened to licences, said as a person would. Pure; English only for now."""

from __future__ import annotations

_DEEDS = {
    "issued": "issued a licence to {subject}",
    "taken": "took “{subject}”",
    "redeemed": "redeemed a gift code",
    "extended": "extended the licence of {subject}",
    "shortened": "shortened the licence of {subject}",
    "changed": "changed the licence of {subject}",
    "transferred": "transferred a licence: {subject}",
    "revoked": "revoked the licence of {subject}",
    "first_played": "pressed play for the first time",
    "link_used": "came in by the link “{subject}”",
    "link_changed": "changed the link “{subject}”",
    "device_removed": "removed a device of {subject}",
    "offer_made": "made the offer “{subject}”",
    "offer_changed": "changed the offer “{subject}”",
    "codes_made": "made gift codes: {subject}",
    "code_revoked": "revoked a gift code: {subject}",
    "channel_changed": "changed the channel: {subject}",
}


def sentence(what: str, actor: str, subject: str) -> str:
    """One line of a history: `Ana issued a licence to Ben.`; a guest without a name is a guest."""
    deed = _DEEDS.get(what, what.replace("_", " ")).format(subject=subject or "somebody")
    who = actor or (
        f"Whoever came by the link “{subject}”" if what == "first_played" and subject else "A guest"
    )
    return f"{who} {deed}."
