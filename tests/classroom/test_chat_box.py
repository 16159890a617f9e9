"""The chat box: what it shows, what it says of codes and words, and what it does where no reply comes."""

import html
import re
import threading

import numpy as np
import pytest
import traitlets

from classroom.chat_box import EXAMPLE, SUGGESTIONS, ChatBox, chat_box
from tests.explorers.lab_page import (
    AXE,
    ONLY_CONTRAST,
    Lab,
    jupyterlab_server,
    open_page_of,
    violations,
    write_notebook,
)
from trax_bridge.chat import Chat
from trax_bridge.dialogues import END_OF_TURN, Vocabulary
from trax_bridge.trained import own_dialogues, own_vocabulary, stored_model

TURNS = ["A room, please.", "Your code is #K7QXM.", "The code?", "It is #M7QXK.", "Bye."]
VOCABULARY = Vocabulary.of([TURNS], at_least=1)


def scripted(*replies, vocabulary=VOCABULARY, **options):
    """A talk in which the model says these texts, one after the other; an error in their place is raised."""
    script = iter(replies)
    left = []

    def next_logits(tokens):
        if not left:
            reply = next(script)
            if isinstance(reply, BaseException):
                raise reply
            left.extend([*vocabulary.encode(reply), vocabulary.numbers[END_OF_TURN]])
        return np.where(np.arange(len(vocabulary)) == left.pop(0), 0.0, -50.0)

    return Chat.of(next_logits, vocabulary, **{"max_length": 100, "rng": np.random.default_rng(0)} | options)


def send(box, **message):
    """What the browser does: a message to the kernel. Returns what comes back beside the traits."""
    sent = []
    box.send = sent.append
    box._handle_custom_msg(message, [])
    return sent


def test_a_sentence_and_its_reply_stand_in_the_box():
    box = chat_box(scripted("Your code is #K7QXM."))
    assert send(box, say="A room, please.") == []
    assert [(entry["who"], entry["own"], entry["text"]) for entry in box.entries] == [
        ("Person 1:", True, "A room, please."),
        ("Person 2:", False, "your code is #k7qxm."),
    ]
    assert box.transcript().splitlines()[:2] == ["Person 1: A room, please.", "Person 2: your code is #k7qxm."]
    assert (box.answered, box.writing, box.status) == (1, False, "")
    assert box.room == f"{len(box.talk.tokens)} of 100 tokens"


def test_while_the_model_writes_the_box_says_so_and_shows_what_was_said():
    box = chat_box(scripted("Bye."))
    seen, next_logits = [], box.talk.next_logits

    def watched(tokens):
        seen.append((box.writing, len(box.entries)))
        return next_logits(tokens)

    box.talk.next_logits = watched
    box.say("The code?")
    assert set(seen) == {(True, 1)} and not box.writing


def test_a_code_is_told_apart_as_made_up_right_or_wrong_and_then_which_is_right():
    box = chat_box(scripted("Your code is #K7QXM.", "It is #K7QXM.", "It is #M7QXK.", "It is #M7QXK."))
    box.say("A room, please.")
    assert box.entries[-1]["notes"] == ["#k7qxm: no code was told before, so the model made one up."]
    box.say("The code?")
    assert box.entries[-1]["notes"] == ["✓ #k7qxm is the code that was told, 16 tokens back."]
    for _ in range(2):
        box.say("The code?")
        assert box.entries[-1]["notes"] == ["✗ #m7qxk is not the code that was told: #k7qxm."]


def test_a_code_of_the_readers_own_is_one_to_repeat():
    box = chat_box(scripted("It is #M7QXK.", "It is #K7QXM."))
    box.say("Your code is #M7QXK.")
    assert box.entries[0]["notes"] == [] and box.entries[-1]["notes"][0].startswith("✓ #m7qxk")
    box.say("Your code is #K7QXM.")
    assert box.entries[-1]["notes"][0].startswith("✓ #k7qxm")


def test_words_that_the_model_does_not_know_are_named():
    box = chat_box(scripted("Bye."))
    box.say("A pizza, please. A large pizza.")
    assert box.entries[0]["notes"] == ["Words the model does not know: pizza, large."]


def test_a_reply_without_an_end_is_said_to_be_cut():
    box = chat_box(scripted("Your code is #K7QXM.", longest_reply=3))
    box.say("A room, please.")
    assert box.entries[-1]["notes"] == ["Cut off after 3 tokens."]


def test_where_there_is_no_room_nothing_is_lost_and_one_can_begin_anew():
    box = chat_box(scripted("Your code is #K7QXM.", "Bye.", max_length=30))
    box.say("A room, please.")
    before = box.entries
    assert send(box, say="please " * 20) == [{"back": "please " * 20}]
    assert box.entries == before and "30 tokens at most" in box.status and "Begin anew" in box.status
    send(box, begin=True)
    assert box.entries == [] and box.earlier == [before] and box.status == ""
    box.say("Bye.")
    assert len(box.entries) == 2 and box.entries[1]["text"] == "bye."
    box.begin_anew()
    assert len(box.earlier) == 2
    box.begin_anew()
    assert len(box.earlier) == 2  # nothing was said in the third


def test_two_who_speak_at_once_are_heard_one_after_the_other():
    box = chat_box(scripted("Bye.", "The code?"))
    started, may_go, next_logits = threading.Event(), threading.Event(), box.talk.next_logits

    def waits(tokens):
        started.set()
        assert may_go.wait(60)
        return next_logits(tokens)

    box.talk.next_logits = waits
    threads = [threading.Thread(target=box.say, args=[text]) for text in ("A room, please.", "Your code?")]
    threads[0].start()
    assert started.wait(60)
    threads[1].start()
    threads[1].join(0.1)  # it would have said its sentence by now
    assert len(box.entries) == 1
    may_go.set()
    for thread in threads:
        thread.join()
    assert [entry["text"] for entry in box.entries] == ["A room, please.", "bye.", "Your code?", "the code?"]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (RuntimeError("planted"), "No reply: RuntimeError. planted"),
        (KeyboardInterrupt(), "No reply: KeyboardInterrupt."),
    ],
)
def test_what_goes_wrong_is_said_and_the_talk_goes_on(problem, said):
    box = chat_box(scripted("Bye.", problem, "Bye."))
    box.say("A room, please.")
    tokens = box.talk.tokens
    assert send(box, say="The code?") == [{"back": "The code?"}]
    assert box.status == said and len(box.entries) == 2 and box.talk.tokens == tokens
    assert not box.writing and box.answered == 1
    assert send(box, say="The code?") == []
    assert box.status == "" and len(box.entries) == 4


def test_a_sentence_without_a_word_is_refused_in_words():
    box = chat_box(scripted())
    assert not box.say("  ")
    assert "at least one word" in box.status and box.entries == []


def test_who_is_person_2_hears_person_1_first_and_to_change_is_to_begin_anew():
    box = chat_box(scripted("A room, please.", "Bye.", "The code?", speaker=1))
    assert [entry["who"] for entry in box.entries] == ["Person 1:"]
    box.say("Your code is #K7QXM.")
    assert [entry["who"] for entry in box.entries] == ["Person 1:", "Person 2:", "Person 1:"]
    send(box, speaker=0)
    assert box.entries == [] and len(box.earlier) == 1 and box.talk.speaker == 0
    send(box, speaker=1)
    assert box.transcript() == "Person 1: the code?"
    with pytest.raises(traitlets.TraitError, match="0 or 1, got 2"):
        box.speaker = 2


def test_temperature_is_that_of_the_next_reply_and_of_the_next_talk():
    box = chat_box(scripted("Bye.", temperature=0.7))
    assert [0.7, "0.7"] in box.temperatures and len(box.temperatures) == 5
    send(box, temperature=1.5)
    assert box.talk.temperature == 1.5
    box.begin_anew()
    assert box.talk.temperature == 1.5
    box.temperature = 0.8
    assert [0.8, "0.8"] in box.temperatures
    with pytest.raises(traitlets.TraitError, match="from 0 on"):
        box.temperature = -1.0


def test_a_box_shows_what_was_said_before_it():
    talk = scripted("Your code is #K7QXM.", "Bye.")
    talk.say("A room, please.")
    box = chat_box(talk)
    assert box.transcript() == "Person 1: a room, please.\nPerson 2: your code is #k7qxm."
    box.say("The code?")
    assert len(box.entries) == 4


def test_suggestions_are_sentences_of_the_dialogues_but_for_their_codes():
    def turn(text):
        return re.sub(r"#\w+", "#", text)

    said = {turn(text) for turns in own_dialogues("training") for text in turns}
    for sentences in [*SUGGESTIONS[0], *SUGGESTIONS[1], EXAMPLE]:
        assert [text for text in sentences if turn(text) not in said] == []
        assert [own_vocabulary().unknown_words(text) for text in sentences] == [[]] * len(sentences)


def test_suggestions_change_with_the_talk_and_leave_out_what_the_model_does_not_know():
    box = chat_box(scripted("Bye.", vocabulary=own_vocabulary()))
    assert box.suggestions == list(SUGGESTIONS[0][0])
    box.say("Hello.")
    assert box.suggestions == list(SUGGESTIONS[0][1])
    assert chat_box(scripted()).suggestions == []
    assert chat_box(scripted(), suggestions=["A room, please.", "A pizza."]).suggestions == ["A room, please."]


def test_a_page_without_a_kernel_holds_a_talk_with_the_same_model():
    talk = Chat(*stored_model(), rng=np.random.default_rng(1))
    data, _ = chat_box(talk)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    still = data["text/html"]
    assert all(f"<b>Person 1:</b> {html.escape(text)}" in still for text in EXAMPLE)
    assert still.count("<b>Person 2:</b>") == len(EXAMPLE) and "unedited" in still
    assert talk.tokens == [] and data["text/plain"].startswith(f"The model knows {len(own_vocabulary())} words")


def test_what_stands_on_a_page_is_the_talk_so_far_and_no_tag_of_it_is_one():
    box = chat_box(scripted("Bye."))
    box.say("A room, <b>please</b>.")
    assert "A room, &lt;b&gt;please&lt;/b&gt;." in box.still() and "<b>please" not in box.still()
    assert "Words the model does not know: &lt;, b, &gt;, /." in box.still()


@pytest.mark.parametrize("vocabulary", [VOCABULARY, own_vocabulary()])
def test_a_model_that_can_hold_no_talk_has_a_page_all_the_same(vocabulary):
    still = ChatBox(scripted(RuntimeError(), vocabulary=vocabulary)).still()
    assert "run the notebook" in still and "Person 1" not in still


# ---- in a browser


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """A box with the stored model in JupyterLab."""
    folder = tmp_path_factory.mktemp("chat")
    write_notebook(
        folder / "chat.ipynb",
        "import numpy as np\n\nfrom classroom.chat_box import chat_box\nfrom trax_bridge.chat import Chat\n"
        "from trax_bridge.trained import stored_model\n\n"
        "box = chat_box(Chat(*stored_model(), rng=np.random.default_rng(1)))\nbox",
    )
    with jupyterlab_server(folder) as address:
        page = open_page_of(browser, viewport={"width": 1400, "height": 1000})
        lab = Lab(page, address.format("chat"))
        lab.run_all()
        page.wait_for_selector(".chat-box")
        yield lab
        page.close()


def wait_for_turns(page, n):
    """Wait until the log has so many turns, and the next thing may be asked."""
    script = "n => document.querySelectorAll('.chat-log .chat-turn').length === n"
    page.wait_for_function(script, arg=n)
    page.wait_for_selector(".chat-box[aria-busy=false]")


def focused(page):
    return page.evaluate("document.activeElement.textContent || document.activeElement.tagName")


@pytest.mark.browser
def test_a_talk_by_keyboard_alone_in_jupyterlab(lab):
    page = lab.page
    page.locator(".chat-box input").focus()
    page.keyboard.type("A pizza <b>for</b> two, please. x dd")
    page.keyboard.press("Enter")
    wait_for_turns(page, 2)
    first = page.locator(".chat-turn").first
    assert "A pizza <b>for</b> two" in first.inner_text() and "not know: pizza, <, b, >" in first.inner_text()
    log = page.locator(".chat-log[role=log][aria-live=polite]")
    page.evaluate("document.querySelector('.chat-log .chat-turn').dataset.kept = 'yes'")
    assert focused(page) == "INPUT" and page.locator(".chat-box input").input_value() == ""

    page.keyboard.press("Enter")
    assert page.locator(".chat-status").inner_text() == "Write a sentence, or choose one below."
    for words in ("Say", "Yes, book it."):
        page.keyboard.press("Tab")
        assert focused(page) == words
    page.keyboard.press("Enter")
    wait_for_turns(page, 4)
    assert page.locator(".chat-status").inner_text() == ""
    assert "Person 1: Yes, book it." in log.inner_text()
    assert log.locator("[data-kept]").count() == 1  # a screen reader reads what is new, and only that
    assert focused(page) == "INPUT"

    while not focused(page).startswith("0: the likeliest word"):
        assert focused(page) != "Begin anew"
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelectorAll('.chat-box select')[1].value === '1'")
    page.wait_for_selector(".chat-box[aria-busy=false]")
    page.keyboard.press("Tab")
    assert lab.in_kernel("print(box.talk.temperature)") == "1.0\n"
    assert focused(page) == "Begin anew"
    page.keyboard.press("Enter")
    wait_for_turns(page, 0)
    assert focused(page) == "INPUT" and log.inner_text() == ""
    folded = page.locator(".chat-box details")
    assert folded.count() == 1 and folded.locator(".chat-turn").count() == 4
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1  # and no key was the notebook's
    lab.assert_nothing_went_wrong()


@pytest.mark.browser
def test_a_full_dialogue_is_said_in_words_the_sentence_stays_and_nothing_overflows_a_narrow_page(lab):
    page = lab.page
    lab.in_kernel("box.begin_anew(); box.talk.max_length = 40; box.say('Hello.')")
    wait_for_turns(page, 2)
    page.locator(".chat-box input").fill("please " * 40)
    page.keyboard.press("Enter")
    page.wait_for_selector(".chat-status:has-text('Begin anew')")
    page.wait_for_function("document.querySelector('.chat-box input').value.startsWith('please')")
    page.evaluate("document.querySelector('.chat-box').parentElement.style.width = '400px'")
    page.evaluate("document.querySelectorAll('.chat-box details').forEach((one) => (one.open = true))")
    wide = "[...document.querySelectorAll('.chat-box, .chat-box *')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    assert page.evaluate(f"{wide}.map((e) => e.tagName).filter((tag) => !['SPAN', 'INPUT'].includes(tag))") == []
    page.evaluate(AXE)
    for theme, options in (("JupyterLab Dark", {}), ("JupyterLab Light", ONLY_CONTRAST)):
        lab.theme(theme)
        page.wait_for_timeout(300)
        assert violations(page.evaluate("options => axe.run('.chat-box', options)", options)) == []


@pytest.mark.browser
def test_while_the_model_writes_the_next_sentence_can_be_written_and_waits(lab, tmp_path):
    page, field, may_go = lab.page, lab.page.locator(".chat-box input"), tmp_path / "may_go"
    lab.in_kernel(f"""
import pathlib, time

def waits(tokens):
    while not pathlib.Path({str(may_go)!r}).exists():
        time.sleep(0.02)
    return foretell(tokens)

box.begin_anew()
foretell, box.talk.next_logits = box.talk.next_logits, waits
""")
    wait_for_turns(page, 0)
    field.fill("Hello.")
    field.press("Enter")
    page.wait_for_selector(".chat-writing:has-text('Person 2 is writing')")
    assert page.locator(".chat-box").get_attribute("aria-busy") == "true"
    field.fill("Is anybody there?")
    field.press("Enter")
    may_go.touch()
    wait_for_turns(page, 2)
    assert field.input_value() == "Is anybody there?" and page.locator(".chat-writing").inner_text() == ""
    lab.in_kernel("box.talk.next_logits = None")
    field.press("Enter")
    page.wait_for_selector(".chat-status:has-text('No reply: TypeError')")
    wait_for_turns(page, 2)
    page.wait_for_function("document.querySelector('.chat-box input').value === 'Is anybody there?'")
