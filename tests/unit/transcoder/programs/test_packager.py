"""The packager's command line holds nothing secret: keys go in as a file of flags, through a pipe."""

from pathlib import Path
from uuid import UUID

from transcoder.keys.keyschedule import CommonKey
from transcoder.keys.secret import SecretBytes
from transcoder.programs.packager import argv, flags

KEY = CommonKey(UUID(int=0xA5), bytes(range(16)), SecretBytes(b"\xfe" * 16))


def test_the_command_line_is_cbcs_from_the_first_sample_on_without_a_key() -> None:
    assert argv("/bin/packager", Path("/tmp/place"), "video") == [
        "/bin/packager",
        "in=/tmp/place/in,stream=video,init_segment=/tmp/place/init.mp4,segment_template=/tmp/place/$Number$.m4s",
        "--flagfile=/tmp/place/flags",
        "--protection_scheme=cbcs",
        "--clear_lead=0",
        "--segment_duration=4",
        "--generate_sidx_in_media_segments=false",
        "--io_cache_size=0",
        "--quiet",
    ]


def test_the_flags_name_the_key_its_id_and_the_constant_iv() -> None:
    assert flags(KEY).decode().splitlines() == [
        "--enable_raw_key_encryption",
        f"--keys=label=:key_id={'0' * 30}a5:key={'fe' * 16}",
        "--iv=000102030405060708090a0b0c0d0e0f",
    ]
    assert "fe" * 16 not in repr(KEY)
