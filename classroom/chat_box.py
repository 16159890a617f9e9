"""`chat_box`: talk with a model in a notebook, with a field to write in; `trax_bridge.chat.chat` is the same in text.

Each sentence is one message to the kernel, and each answer one back: the browser keeps nothing of its own but what is
being written. One object gives the live box and what stands in its place on a page without a kernel.
"""

import contextlib
import html
import threading
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from explorers.modules import FOLDER, join_modules
from trax_bridge.chat import DialogueFull, remarks_on_reply, remarks_on_words
from trax_bridge.dialogues import SPEAKERS, UNKNOWN

HERE = Path(__file__).parent
TEMPERATURES = {0.0: "0: the likeliest word", 0.5: "0.5", 1.0: "1: as trained", 1.5: "1.5"}

# For who asks and for who answers: sentences to begin with, and to go on with. All stand in the course's dialogues.
SUGGESTIONS = (
    (
        (
            "I want a table for seven.",
            "I need a room in Brindle for two nights.",
            "I need a train to Tarnwick.",
            "I am calling about the booking #K7QX2.",
        ),
        (
            "Yes, book it.",
            "Something else, please.",
            "What was the code again?",
            "Can we move it to Sunday?",
            "Thank you, that is all.",
        ),
    ),
    (
        ("Hello, how can I help?", "For which day?", "What part of town?", "At what time?"),
        ("Your code is #K7QX2.", "Yes, of course.", "Is the code still the same?", "Enjoy it. Goodbye."),
    ),
)
EXAMPLE = (
    "I am calling about the booking #K7QX2.",
    "Can we move it to Sunday?",
    "Do they have vegetarian food?",
    "What was the code again?",
    "Thank you, that is all.",
)


def chat_box(talk, *, suggestions=None):
    """A box to talk with a model, for the last line of a cell.

    Parameters
    ----------
    talk : `trax_bridge.chat.Chat`, of a NumPy model or of Trax; what was said in it stands in the box
    suggestions : sentences to choose from, instead of those that fit the course's dialogues

    Returns
    -------
    box : `ChatBox`
    """
    return ChatBox(talk, suggestions=suggestions)


class ChatBox(anywidget.AnyWidget):
    """A talk as a widget. `say`, `begin_anew` and the traits do what the field, the button and the lists do.

    `talk` is the `Chat` that is going on: another one after `begin_anew`.
    """

    _esm = join_modules("chat_box.js", HERE)
    _css = "\n".join(path.read_text(encoding="utf-8") for path in (FOLDER / "shared/style.css", HERE / "chat_box.css"))

    people = traitlets.List(list(SPEAKERS)).tag(sync=True)
    about = traitlets.Unicode(help="what the model can read").tag(sync=True)
    speaker = traitlets.Int(help="who the reader is: 0 or 1").tag(sync=True)
    temperature = traitlets.Float().tag(sync=True)
    temperatures = traitlets.List(help="[number, words] to choose from").tag(sync=True)
    suggestions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    entries = traitlets.List(help="{who, own, text, notes} for each turn").tag(sync=True)
    earlier = traitlets.List(help="entries of the talks before").tag(sync=True)
    status = traitlets.Unicode(help="what went wrong, or nothing").tag(sync=True)
    room = traitlets.Unicode(help="how much of what the model can read is used").tag(sync=True)
    writing = traitlets.Bool(help="whether the model is writing").tag(sync=True)
    answered = traitlets.Int(help="number of messages from the browser that are done").tag(sync=True)

    def __init__(self, talk, *, suggestions=None):
        self.talk, self._given = talk, suggestions
        self._one_at_a_time = (
            threading.RLock()
        )  # while a cell runs, JupyterLab's messages come in a thread of their own
        super().__init__(
            about=f"The model knows {len(talk.vocabulary)} words and signs; any other word is {UNKNOWN} to it. "
            f"A talk has {talk.max_length} of them at most.",
            speaker=talk.speaker,
            temperature=talk.temperature,
            temperatures=_temperatures(talk.temperature),
            entries=_entries_of(talk),
        )
        self.on_msg(lambda box, message, buffers: self._obey(message))
        self._let_begin()

    def say(self, text):
        """Say a sentence, and hear the reply. What goes wrong is said in `status`, and the talk is as it was then."""
        with self._one_at_a_time:
            return self._hear(lambda: self.talk.say(text), [_said(self.talk, text)])

    def begin_anew(self):
        """Begin another talk; the one so far is kept among the earlier ones."""
        with self._one_at_a_time:
            if self.entries:
                self.earlier, self.entries = [*self.earlier, self.entries], []
            self.talk, self.status = self.talk.anew(speaker=self.speaker, temperature=self.temperature), ""
            self._let_begin()

    def transcript(self):
        """The talk so far, as it stands in the box: a line for each turn and each note."""
        return "\n".join(_lines_of(self.entries))

    @traitlets.observe("speaker")
    def _change_speaker(self, change):
        if change["new"] != self.talk.speaker:
            self.begin_anew()

    @traitlets.observe("temperature")
    def _change_temperature(self, change):
        self.talk.temperature, self.temperatures = change["new"], _temperatures(change["new"])

    @traitlets.validate("speaker")
    def _require_person(self, proposal):
        if proposal["value"] not in (0, 1):
            raise traitlets.TraitError(f"speaker needs 0 or 1, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("temperature")
    def _require_temperature(self, proposal):
        if not 0 <= proposal["value"] < np.inf:
            raise traitlets.TraitError(f"temperature needs a number from 0 on, got {proposal['value']}")
        return proposal["value"]

    def _obey(self, message):
        """Do what the browser asks for, and say that it is done, whatever came of it."""
        try:
            if "say" in message and not self.say(message["say"]):
                self.send({"back": message["say"]})
            if "begin" in message:
                self.begin_anew()
            if "speaker" in message:
                self.speaker = message["speaker"]
            if "temperature" in message:
                self.temperature = message["temperature"]
        finally:
            self.answered += 1

    def _let_begin(self):
        """Let the model have the first word, if it is its turn."""
        if self.talk.speaker == 1 and not self.talk.tokens:
            self._hear(self.talk.listen, [])
        self._tell_state()

    def _hear(self, answer, said):
        """Add to the entries what was said and what is answered. Returns whether it went well."""
        before, self.status = self.entries, ""
        self.entries, self.writing = [*before, *said], True
        try:
            reply = answer()
        except DialogueFull:
            self.status = (
                f"The model reads {self.talk.max_length} tokens at most: there is no room for this and a reply. "
                "Begin anew; this talk stays, folded."
            )
        except (Exception, KeyboardInterrupt) as problem:
            self.status = f"No reply: {type(problem).__name__}. {problem}".strip()
        else:
            self.entries = [*self.entries, _replied(self.talk, reply)]
        finally:
            self.writing = False
        if self.status:
            self.entries = before
        self._tell_state()
        return not self.status

    def _tell_state(self):
        talk = self.talk
        given = SUGGESTIONS[talk.speaker][any(entry["own"] for entry in self.entries)]
        sentences = given if self._given is None else self._given
        self.suggestions = [text for text in sentences if not talk.vocabulary.unknown_words(text)]
        self.room = f"{len(talk.tokens)} of {talk.max_length} tokens"

    def _repr_mimebundle_(self, **keywords):
        """A live box in a notebook; a talk to read elsewhere."""
        data, metadata = super()._repr_mimebundle_(**keywords)
        return data | {"text/html": self.still(), "text/plain": self.transcript() or self.about}, metadata

    def still(self):
        """What stands in the place of the box where no kernel is, as HTML: the talk so far, or one held for that."""
        entries, what = self.entries, "The talk, unedited."
        if not entries:
            entries, what = self._example(), "Here is one with the same model, unedited."
        title = f"<p><b>A talk with the model.</b> {html.escape(self.about)} To talk yourself, run the notebook."
        turns = "".join(
            f"<p><b>{html.escape(entry['who'])}</b> {html.escape(entry['text'])}"
            + "".join(f"<br><small>{html.escape(note)}</small>" for note in entry["notes"])
            + "</p>"
            for entry in entries
        )
        return f'<div class="ask chat">{title} {what if entries else ""}</p>{turns}</div>'

    def _example(self):
        """A short talk with the same model: its entries; none where it does not know the words, or fails."""
        talk, entries = self.talk.anew(rng=np.random.default_rng(0), speaker=0), []
        if any(talk.vocabulary.unknown_words(text) for text in EXAMPLE):
            return []
        with contextlib.suppress(Exception):
            for text in EXAMPLE:
                reply = talk.say(text)
                entries += [_said(talk, text), _replied(talk, reply)]
        return entries


def _temperatures(chosen):
    """Temperatures to choose from, the chosen one among them: [number, words] each."""
    return [list(choice) for choice in sorted(({chosen: f"{chosen:g}"} | TEMPERATURES).items())]


def _said(talk, text):
    """An entry for what the reader says."""
    return {"who": SPEAKERS[talk.speaker], "own": True, "text": text, "notes": remarks_on_words(talk, text)}


def _replied(talk, reply):
    """An entry for the last reply."""
    return {"who": SPEAKERS[1 - talk.speaker], "own": False, "text": reply, "notes": remarks_on_reply(talk)}


def _entries_of(talk):
    """Entries for what was said in a talk before it had a box, as the model read it."""
    parts = [
        (speaker, line) for line in talk.transcript().splitlines() for speaker in SPEAKERS if line.startswith(speaker)
    ]
    own = SPEAKERS[talk.speaker]
    return [{"who": who, "own": who == own, "text": line[len(who) :].strip(), "notes": []} for who, line in parts]


def _lines_of(entries):
    for entry in entries:
        yield f"{entry['who']} {entry['text']}"
        yield from (f"({note})" for note in entry["notes"])
