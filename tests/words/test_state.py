"""What a conversation remembers: open questions, corrections, and what "it" and "both" mean."""

from __future__ import annotations

import pytest

from sayso.desk import Adjust, Compress, Edit, Extract, Gain, History, Loop, Remove, Reply, Reverb
from sayso.words import Facts, State, interpret


class Talk:
    """A conversation whose state goes through JSON after every turn, as it does in a service."""

    def __init__(self, *said):
        self.history, self.state = History(), State()
        for text in said:
            self.say(text)

    def say(self, text, **options):
        found = interpret(text, self.history, state=self.state, **options)
        self.history = self.history.push(found.moves)
        self.state = State.model_validate_json(found.state.model_dump_json())
        return found

    def gain_db(self, target):
        return self.history.desk.strip(target).gain_db

    def effect(self, target, kind):
        effects = self.history.desk.strip(target).effects
        return next((effect for effect in effects if isinstance(effect, kind)), None)


@pytest.mark.parametrize(
    ("question", "answer", "whole"),
    [
        ("remove everything", "the piano and the bass", "remove the piano and the bass"),
        ("turn them down", "strings and brass", "turn strings and brass down"),
        ("more", "the flute", "more flute"),
        ("set the tempo to 90 bpm", "it is 60 now", "take it from 60 to 90 bpm"),
        ("cut out the bridge", "1:10 to 1:30", "cut out 1:10 to 1:30"),
        ("make the piano better", "brighter", "make the piano brighter"),
        ("cut 4 seconds", "at the end", "cut 4 seconds at the end"),
        ("remove", "the hum", "remove the hum"),
    ],
)
def test_an_answer_fills_the_order_that_waits_for_it(question, answer, whole):
    talk = Talk()
    asked = talk.say(question)
    assert [move.do for move in asked.moves] == ["reply"]
    assert talk.say(answer).moves == interpret(whole, History()).moves


GUESSED = "loop measures 9 to 12"


@pytest.mark.parametrize("yes", ["yes", "Yes please.", "yep, do it", "that's right", "ok go ahead"])
def test_a_guess_is_proposed_and_done_when_it_is_agreed_to(yes):
    talk = Talk()
    asked = talk.say(GUESSED)
    assert [move.do for move in asked.moves] == ["reply"]
    assert "“9 to 12”" in asked.reply
    assert "Do you mean playing the whole recording 2 times?" in asked.reply
    assert [type(step) for step in talk.say(yes).moves[0].steps] == [Loop]
    assert talk.state.asks == ""


def test_a_guess_that_is_turned_down_is_not_done_later():
    talk = Talk(GUESSED)
    assert "I leave it" in talk.say("no").reply
    assert all(isinstance(move, Reply) for move in talk.say("yes").moves)
    assert not talk.history.desk.edits


def test_another_order_after_a_proposal_is_that_order():
    talk = Talk(GUESSED)
    assert talk.say("turn the bass up by 2 dB").moves[0].effects == (Gain(db=2),)
    assert all(isinstance(move, Reply) for move in talk.say("yes").moves)


def test_one_of_two_orders_is_asked_for():
    talk = Talk()
    asked = talk.say("either turn the drums down or the bass up")
    assert [move.do for move in asked.moves] == ["reply"]


def test_what_is_not_named_among_named_sounds_stops_the_order():
    found = interpret("turn the blorp and the drums down", History())
    assert [move.do for move in found.moves] == ["reply"]
    assert "“blorp”" in found.reply


def test_the_sound_that_was_not_known_is_answered_with_its_name():
    talk = Talk("turn the blorp and the drums down")
    assert talk.say("the flute").moves == interpret("turn the flute down", History()).moves


def test_no_does_not_say_that_it_is_done():
    talk = Talk("make it louder")
    assert "done" not in talk.say("no").reply


def test_a_new_order_is_no_answer():
    talk = Talk("remove everything")
    assert talk.say("turn the bass up by 2 dB").moves[0].effects == (Gain(db=2),)
    assert talk.state.asks == ""


def test_level_and_tone_are_asked_further():
    talk = Talk("make the bass better")
    assert "louder or quieter" in talk.say("the level").reply
    talk.say("quieter")
    assert talk.gain_db("bass") == -4


def test_what_was_only_mentioned_is_what_it_means():
    talk = Talk("there is a siren somewhere")
    assert talk.say("get rid of it").moves == (Remove(targets=("siren",)),)
    assert "out already" in talk.say("remove it").reply


def test_another_number_takes_the_place_of_the_last_one():
    talk = Talk("turn the drums down")
    talk.say("by 7")
    assert talk.gain_db("drums") == -7
    talk.say("actually 5")
    assert talk.gain_db("drums") == -5
    talk = Talk("keep from 0:05 to 0:15", "loop it twice")
    talk.say("no, five")
    assert talk.history.turns[-1] == (Edit(steps=(Loop(times=5),)),)
    talk = Talk("put 20% reverb on the flute")
    talk.say("make that 35%")
    assert talk.effect("flute", Reverb).amount == pytest.approx(0.35)


def test_the_other_one_and_both():
    talk = Talk("add some reverb to the cello", "same for the flute")
    talk.say("more")
    talk.say("no, the other one")
    assert talk.effect("flute", Reverb).amount == pytest.approx(0.3)
    assert talk.effect("cello", Reverb).amount == pytest.approx(0.5)
    talk.say("drop it altogether on both")
    assert talk.effect("flute", Reverb).amount == talk.effect("cello", Reverb).amount == 0


def test_only_one_of_them_after_all_and_switched():
    talk = Talk("mute the piano", "and the cello", "bring them back but softer")
    talk.say("only the cello though")
    desk = talk.history.desk
    assert desk.strip("piano").mute and not desk.strips["cello"].mute
    talk.say("switch them")
    desk = talk.history.desk
    assert desk.strips["cello"].mute and desk.strip("piano").gain_db == -4


def test_not_everything_and_not_that_one_either():
    talk = Talk("turn it up")
    talk.say("not everything, just the vocals")
    assert (talk.gain_db("mix"), talk.gain_db("vocals")) == (0, 4)
    talk = Talk("everything but the drums 3 dB down", "not the bass either")
    assert (talk.gain_db("no drums"), talk.gain_db("bass")) == (-3, 3)


def test_a_reset_says_what_is_true():
    talk = Talk("everything but the drums 3 dB down")
    talk.say("reset the bass")
    assert talk.gain_db("no drums") + talk.gain_db("bass") == 0
    assert "already" in Talk("mute the piano").say("reset the bass").reply


def test_an_effect_is_forgotten():
    talk = Talk("make the drums louder", "compress the vocals")
    talk.say("forget the compression")
    assert talk.effect("vocals", Compress) is None
    assert talk.gain_db("drums") == 4


def test_steps_back_and_the_start():
    talk = Talk("mute the drums", "make it louder", "add some echo to the flute")
    talk.say("go back two steps")
    assert len(talk.history.turns) == 1
    talk.say("go back to how it was at the start")
    assert talk.history.desk == History().desk


def test_a_second_track_without_it():
    talk = Talk("isolate the violin", "a little slower")
    found = talk.say("could they also have the version without it?")
    assert Extract(targets=("violin", "no violin")) in found.moves


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("how loud are the drums now?", "−4 dB"),
        ("is the piano gone?", "taken out"),
        ("did you change the flute?", "No"),
        ("what did you change?", "taking the piano out"),
        ("how long is it?", "1:15"),
        ("what key is this in?", "Tempo and key are told"),
        ("what happens if I remove the bass?", "undo"),
    ],
)
def test_questions_are_answered_and_change_nothing(question, words):
    talk = Talk("turn the drums down", "remove the piano")
    before = talk.history
    found = talk.say(question, facts=Facts(duration_s=lambda: 75.0, lufs=lambda: -18.0))
    assert all(isinstance(move, Reply) for move in found.moves)
    assert words in found.reply
    assert talk.history == before


def test_more_of_the_last_thing_on_another_sound():
    talk = Talk("add some reverb to the cello")
    found = talk.say("more on the flute")
    assert found.moves == (Adjust(target="flute", relative=True, effects=(Reverb(amount=0.2),)),)


def test_the_same_words_after_the_same_history_give_the_same():
    first, second = (Talk("remove everything", "the drums", "and the bass") for _ in range(2))
    assert first.say("bring them back") == second.say("bring them back")


@pytest.mark.parametrize(
    ("said", "thought", "whole"),
    [
        ("cut from 1:10 till 1:25", "no wait, till 1:20", "cut from 1:10 till 1:20"),
        ("cut from 2:10 to 2:40", "sorry, start at 2:00", "cut from 2:00 to 2:40"),
        ("keep only the first two minutes", "actually make that three", "keep the first 3 minutes"),
        ("cut the first 6 seconds", "no, the last 6", "cut the last 6 seconds"),
        ("vocals down 2 dB, and guitar up 1 dB", "make that 3", "vocals down 2 dB, guitar up 3 dB"),
        ("piano up 3, cello up 3", "the cello should be 5", "piano up 3, cello up 5"),
        ("turn the flute up", "only a bit", "turn the flute up a bit"),
        ("make the vocals brighter", "only after 1:00", "make the vocals brighter after 1:00"),
    ],
)
def test_a_second_thought_amends_the_last_order_in_its_own_words(said, thought, whole):
    talk = Talk(said)
    talk.say(thought)
    assert talk.history.desk == Talk(whole).history.desk
    assert len(talk.history.turns) <= 2


def test_either_end_of_a_stretch_may_be_meant():
    talk = Talk("cut from 2:10 to 2:40")
    assert [move.do for move in talk.say("no, 2:50").moves] == ["reply"]


def test_the_same_follows_the_last_of_two_changes():
    talk = Talk(
        "pull the vocals back 2 dB, and the guitar 1 dB up", "and the same for the keyboard"
    )
    assert talk.gain_db("keyboard") == 1


def test_an_exception_may_have_an_order_of_its_own():
    talk = Talk("everything 2 dB quieter except the vocals, which should go up 1")
    assert (talk.gain_db("no vocals"), talk.gain_db("vocals")) == (-2, 1)


def test_two_orders_about_the_same_are_asked_about():
    talk = Talk()
    found = talk.say("turn the drums up by 3 dB and turn the drums down by 2 dB")
    assert [move.do for move in found.moves] == ["reply"]
    assert "Which one holds?" in found.reply


def test_what_was_taken_out_can_be_turned_down_instead():
    talk = Talk("remove the guitar", "sorry, I meant turn it down")
    desk = talk.history.desk
    assert not desk.strip("guitar").mute and desk.strip("guitar").gain_db == -4


@pytest.mark.parametrize(
    "text",
    [
        "bring the music up to full after 0:30",
        "mute the guitar until the drums come in",
        "turn it up when the chorus starts",
        "would it sound better with less bass?",
        "make the flugelbinder louder",
        "mute all the drums except for the kick",
    ],
)
def test_half_of_an_order_is_not_carried_out(text):
    assert [move.do for move in Talk().say(text).moves] == ["reply"]
