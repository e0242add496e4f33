"""The brake on run-away dead letters."""

from hypothesis import given
from hypothesis import strategies as st

from shared.stream.brake import DeadLetterBrake


def test_a_few_bad_messages_among_many_good_ones_do_not_brake():
    brake = DeadLetterBrake(window=100, share=0.5, minimum=5)
    for _ in range(50):
        brake.handled()
        brake.handled()
        assert brake.admit_dead_letter()
    assert not brake.on


def test_nothing_but_bad_messages_brakes_at_the_minimum():
    brake = DeadLetterBrake(window=100, share=0.5, minimum=5)
    admitted = [brake.admit_dead_letter() for _ in range(5)]
    assert admitted == [True, True, True, True, False]
    assert brake.on


def test_once_on_it_stays_on_however_well_the_rest_goes():
    brake = DeadLetterBrake(window=4, share=0.5, minimum=2)
    brake.admit_dead_letter()
    brake.admit_dead_letter()
    for _ in range(10):
        brake.handled()
    assert not brake.admit_dead_letter()


@given(st.lists(st.booleans(), max_size=300), st.integers(2, 30))
def test_never_more_than_the_share_of_a_window_is_admitted_once_past_the_minimum(messages, minimum):
    brake = DeadLetterBrake(window=50, share=0.5, minimum=minimum)
    recent: list[bool] = []
    for bad in messages:
        if not bad:
            brake.handled()
            recent.append(False)
        elif brake.admit_dead_letter():
            recent.append(True)
            window = recent[-50:]
            assert sum(window) < minimum or sum(window) <= 0.5 * len(window) + 1
        else:
            break
