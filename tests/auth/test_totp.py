"""The six digits of a virtual MFA device."""

from __future__ import annotations

from base64 import b32encode

import pytest

from haar.auth import totp

SEED = b32encode(b"12345678901234567890").decode()
MFA = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html"


@pytest.mark.ours
@pytest.mark.parametrize(
    ("now", "code"),
    [
        # RFC 6238, appendix B prints eight digits; six-digit codes are their last six
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_a_device_shows_the_codes_of_the_rfc(now: float, code: str) -> None:
    assert totp.generate(SEED, now) == code


@pytest.mark.documented(MFA)
def test_the_current_code_is_accepted_and_names_its_step() -> None:
    assert totp.verify(SEED, totp.generate(SEED, 1000), 1000) == 33


@pytest.mark.ours
@pytest.mark.parametrize("drift_seconds", [-30, 30])
def test_a_device_one_step_off_is_accepted(drift_seconds: int) -> None:
    assert totp.verify(SEED, totp.generate(SEED, 3000 + drift_seconds), 3000) == 100 + drift_seconds // 30


@pytest.mark.ours
@pytest.mark.parametrize("drift_seconds", [-60, 60])
def test_a_device_two_steps_off_is_refused(drift_seconds: int) -> None:
    assert totp.verify(SEED, totp.generate(SEED, 3000 + drift_seconds), 3000) is None


@pytest.mark.documented(MFA)
def test_a_code_is_good_only_once() -> None:
    code = totp.generate(SEED, 3000)
    used = totp.verify(SEED, code, 3000)
    assert totp.verify(SEED, code, 3010, last_step=used) is None


@pytest.mark.ours
def test_a_code_older_than_the_last_one_used_is_refused() -> None:
    assert totp.verify(SEED, totp.generate(SEED, 2970), 3000, last_step=100) is None


@pytest.mark.documented(MFA)
def test_the_next_code_works_after_one_was_used() -> None:
    assert totp.verify(SEED, totp.generate(SEED, 3030), 3030, last_step=100) == 101


@pytest.mark.ours
@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", " 12345"])
def test_what_is_not_six_digits_is_refused(code: str) -> None:
    assert totp.verify(SEED, code, 3000) is None


@pytest.mark.ours
def test_a_seed_may_be_written_with_blanks_small_letters_and_without_padding() -> None:
    assert totp.generate("jbsw y3dp-ehpk 3px", 59) == totp.generate("JBSWY3DPEHPK3PX=", 59)


@pytest.mark.ours
def test_another_seed_shows_another_code() -> None:
    assert totp.verify("JBSWY3DPEHPK3PXP", totp.generate(SEED, 3000), 3000) is None


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_sync.html")
@pytest.mark.parametrize(("off_seconds", "drift"), [(0, 0), (-30, 0), (30, 0), (-300, -10), (600, 20)])
def test_two_consecutive_codes_show_how_far_a_device_is_off(off_seconds: int, drift: int) -> None:
    now = 1_234_567_890.0
    device = now + off_seconds
    first, second = totp.generate(SEED, device - totp.STEP_SECONDS), totp.generate(SEED, device)
    assert totp.find_pair(SEED, first, second, now) == (drift, int(device // totp.STEP_SECONDS))


@pytest.mark.ours
def test_codes_that_do_not_follow_each_other_are_no_pair() -> None:
    now = 1_234_567_890.0
    same, later = totp.generate(SEED, now), totp.generate(SEED, now + 2 * totp.STEP_SECONDS)
    assert totp.find_pair(SEED, same, same, now) is None
    assert totp.find_pair(SEED, same, later, now) is None


@pytest.mark.ours
def test_a_device_more_than_ten_minutes_off_is_not_found() -> None:
    now = 1_234_567_890.0
    first, second = totp.generate(SEED, now + 630), totp.generate(SEED, now + 660)
    assert totp.find_pair(SEED, first, second, now) is None
