"""The settings page says what the code does."""

from deploy.docs.settings_table import TARGET, page


def test_the_page_is_generated_from_the_settings_of_today():
    assert TARGET.read_text() == page(), "run `python -m deploy.docs.settings_table`"


def test_every_setting_says_what_it_is():
    unexplained = [line for line in page().splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert unexplained == []
