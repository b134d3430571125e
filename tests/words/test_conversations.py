"""Conversations of several turns, followed on the desk."""

from __future__ import annotations

import pytest

from sayso.desk import Extract, Gain, History, Pitch, Reply, Reverb, Undo
from sayso.words import interpret

STEMS = {"vocals", "drums", "bass", "other"}


class Talk:
    """A conversation with an interpreter that supports four stems."""

    def __init__(self, supports=STEMS.__contains__):
        self.history, self.supports = History(), supports

    def say(self, text):
        found = interpret(text, self.history, supports=self.supports)
        self.history = self.history.push(found.moves)
        return found

    def gain_db(self, target):
        return self.history.desk.strip(target).gain_db

    def effect(self, target, kind):
        effects = self.history.desk.strip(target).effects
        return next((effect for effect in effects if isinstance(effect, kind)), None)


def test_the_chat_of_the_published_backend():
    talk = Talk()
    trumpet = talk.say("Can I get a trumpet solo?")
    assert [move.reason for move in trumpet.moves] == ["unsupported"]
    assert "other" in trumpet.reply
    talk.say("isolate the vocals")
    assert talk.history.desk.deliver == ("vocals",)
    talk.say("Ok give me the other stem")
    assert talk.history.desk.deliver == ("no vocals",)
    assert [move.reason for move in talk.say("What time is it?").moves] == ["off_topic"]
    talk.say("Ok, let's go back to editing. Please pitch the vocal up by 4 semitones")
    assert talk.effect("vocals", Pitch).semitones == 4
    talk.say("Make vocals even louder and reduce reverb on drums")
    assert talk.gain_db("vocals") == 4
    talk.say("undo that")
    assert talk.gain_db("vocals") == 0


def test_too_much_goes_on_in_the_same_direction():
    talk = Talk()
    talk.say("make the drums much louder")
    levels = []
    for words in ("too much", "still too much", "a bit too much", "even more"):
        talk.say(words)
        levels.append(talk.gain_db("drums"))
    # Halves of what is left of 8 dB, then a quarter, then on the way that the last turn went.
    assert levels[:3] == [4, 2, 1.5]
    assert levels[3] < levels[2]


def test_more_and_less_of_an_effect():
    talk = Talk()
    talk.say("put some reverb on the vocals")
    talk.say("a bit more")
    assert talk.effect("vocals", Reverb).amount == pytest.approx(0.4)
    talk.say("less")
    assert talk.effect("vocals", Reverb).amount == pytest.approx(0.2)
    talk.say("no reverb")
    assert talk.effect("vocals", Reverb).amount == 0


def test_the_same_for_another_and_a_correction():
    talk = Talk()
    talk.say("turn the drums down by 3 dB")
    talk.say("same for the bass")
    assert (talk.gain_db("drums"), talk.gain_db("bass")) == (-3, -3)
    found = talk.say("not the bass, the vocals")
    assert found.moves[0] == Undo()
    assert (talk.gain_db("bass"), talk.gain_db("vocals")) == (0, -3)


def test_again_repeats_a_change_exactly():
    talk = Talk()
    talk.say("vocals up 1.5 dB")
    talk.say("again")
    talk.say("once more")
    assert talk.gain_db("vocals") == 4.5


def test_undo_and_redo():
    talk = Talk()
    talk.say("remove the vocals")
    talk.say("make it louder")
    talk.say("undo")
    assert talk.gain_db("mix") == 0
    talk.say("redo")
    assert talk.gain_db("mix") == 4
    talk.say("undo the last two changes")
    assert talk.history.turns == ()
    assert isinstance(talk.say("undo").moves[0], Reply)


def test_taking_an_effect_off_keeps_the_rest():
    talk = Talk()
    talk.say("compress the drums, put some reverb on them and turn them up by 2 dB")
    talk.say("take the compression off the drums")
    strip = talk.history.desk.strip("drums")
    assert (strip.gain_db, strip.effects) == (2, (Reverb(amount=0.3),))


def test_back_to_the_original():
    talk = Talk()
    for words in ("remove the vocals", "drums louder", "cut the first 5 seconds"):
        talk.say(words)
    talk.say("back to the original")
    assert talk.history.desk == History().desk


def test_what_came_back_is_heard():
    talk = Talk()
    talk.say("mute the drums")
    assert talk.history.desk.strip("drums").mute
    talk.say("ok bring the drums back in")
    assert not talk.history.desk.strip("drums").mute


def test_the_rest_of_several_sounds_is_the_mix_without_them():
    talk = Talk()
    talk.say("give me vocals and drums")
    talk.say("now the rest")
    desk = talk.history.desk
    assert desk.deliver == ("mix",)
    assert desk.strip("vocals").mute and desk.strip("drums").mute


def test_a_second_thought_in_the_same_breath():
    talk = Talk()
    talk.say("add some reverb to the vocals, but not too much")
    assert talk.effect("vocals", Reverb).amount == 0.15
    talk.say("turn the drums up, just a bit")
    assert talk.gain_db("drums") == 2


def test_the_order_of_removing_and_pulling_out_does_not_lose_the_track():
    talk = Talk(supports=None)
    talk.say("isolate the vocals and remove the noise")
    assert talk.history.desk.deliver == ("vocals",)


def test_a_fader_that_was_moved_elsewhere_is_taken_into_account():
    history = History().push(interpret("drums up 6 dB", History()).moves)
    found = interpret("set the drums to -3 dB", history)
    assert found.moves[0].effects == (Gain(db=-3),)
    assert history.push(found.moves).desk.strip("drums").gain_db == -3


def test_all_but_a_sound_can_be_rendered():
    history = History().push(interpret("everything but the vocals louder by 6 dB", History()).moves)
    assert history.desk.strips["no vocals"].gain_db == 6
    # Only the vocals have to be separated for it.
    assert history.desk.targets() == ("vocals",)


def test_stems_sum_up_whatever_was_asked_first():
    found = interpret("give me the vocals, and also give me the drums", History())
    assert found.moves == (Extract(targets=("vocals", "drums")),)
