"""Talk with a model that was trained on dialogues (unit 08).

`sample_reply` writes one turn with whatever foretells the next token: a model of `reformer`, by `Reader`, or one of
Trax, by `TraxReader`. `Chat` keeps the dialogue, and `chat` is the talk itself, in plain text. In a notebook,
`classroom.chat_box` is the same talk with a field to write in.
"""

import numpy as np

from reformer.arguments import require_count
from reformer.sampling import sample_token
from reformer.streaming import Memory
from trax_bridge.code_copying import codes_said
from trax_bridge.dialogues import END_OF_TURN, SPEAKERS
from trax_bridge.models import TraxMemory


def sample_reply(next_logits, prompt, uniforms, *, temperature, stop):
    """Write a turn token by token, until a token says that it is over.

    Parameters
    ----------
    next_logits : function of the list of all tokens so far that returns (V,) logits of the next one
    prompt : list of tokens: the dialogue so far, and who speaks now
    uniforms : numbers drawn evenly from [0, 1), one for each token; so many may be written
    temperature : as in `sample_token`
    stop : token that ends the turn

    Returns
    -------
    reply : list of the new tokens, without `stop`
    """
    reply = []
    for uniform in uniforms:
        logits = next_logits([*prompt, *reply])
        token = int(sample_token(logits, uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


class Reader:
    """What a model of `reformer` expects after the tokens so far: a `next_logits` of `sample_reply`.

    It remembers what it has read, as long as the tokens go on from there: each costs one row then, whatever stands
    before it. Other tokens are read from the start.

    model, parameters, seed : as in `streaming.Memory`
    """

    def __init__(self, model, parameters, *, seed=0):
        self.model, self.parameters, self.seed = model, parameters, seed
        self.memory, self.read = None, []

    def __call__(self, tokens):
        memory, n_read, tokens = self.memory, len(self.read), [int(token) for token in tokens]
        self.memory = None  # what is interrupted while it reads is not read on from there
        if memory is not None and self.read == tokens[:n_read]:
            for token in tokens[n_read:]:
                memory.step(np.array([token]))
        else:
            memory = self._remember(np.array([tokens], np.intp))
        self.memory, self.read = memory, tokens
        return memory.logits[0]

    def _remember(self, tokens):
        return Memory(self.model, self.parameters, tokens, seed=self.seed)


class TraxReader(Reader):
    """The same by Trax: its ReformerLM in "predict" mode, with the settings and the parameters of one of ours.

    model, parameters, seed : as in `models.TraxMemory`; `from_trax` makes such parameters of what Trax has trained

    To make one takes seconds, in which Trax compiles; a token takes milliseconds then.
    """

    def __init__(self, model, parameters, *, seed=0):
        super().__init__(model, parameters, seed=seed)
        self.empty = TraxMemory(model, parameters, seed=seed)

    def _remember(self, tokens):
        memory = self.empty.copy()
        for token in tokens[0]:
            memory.step(np.array([token]))
        return memory


class DialogueFull(ValueError):
    """A dialogue has no room for what is to be said and a reply."""


class Chat:
    """A dialogue between a reader of this course and a model.

    model, parameters : of `reformer`, trained on dialogues
    vocabulary : `Vocabulary` of these
    options : those of `Chat.of`, but `max_length`, which is the model's

    `tokens` is the dialogue so far, and `replies` says what of it the model wrote: (start, end) of each reply.
    `is_cut` says whether the last one became as long as it may, without an end of its own.
    """

    def __init__(self, model, parameters, vocabulary, **options):
        self._begin(Reader(model, parameters), vocabulary, max_length=model.max_length, **options)

    @classmethod
    def of(cls, next_logits, vocabulary, **options):
        """A dialogue with whatever foretells the next token.

        Parameters
        ----------
        next_logits : as in `sample_reply`, such as a `TraxReader`
        vocabulary : `Vocabulary` of the dialogues it was trained on
        max_length : number of tokens that it can read
        rng : numpy.random.Generator that draws the words of the model
        speaker : who the reader is, 0 for Person 1 (the default), 1 for Person 2
        temperature : of the replies, as in `sample_token`; 0.5 by default
        longest_reply : number of tokens; 40 by default

        Returns
        -------
        talk : `Chat`
        """
        talk = cls.__new__(cls)
        talk._begin(next_logits, vocabulary, **options)
        return talk

    def _begin(self, next_logits, vocabulary, *, max_length, rng, speaker=0, temperature=0.5, longest_reply=40):
        self.next_logits, self.vocabulary, self.rng = next_logits, vocabulary, rng
        self.max_length = require_count("max_length", max_length)
        self.longest_reply = require_count("longest_reply", longest_reply)
        self.speaker, self.temperature = speaker, temperature
        self.tokens, self.replies, self.is_cut = [], [], False

    def anew(self, **options):
        """Another dialogue with the same model, in which nothing was said yet.

        options : those that are to be other ones, `rng`, `speaker`, `temperature` or `longest_reply`
        """
        names = ("max_length", "rng", "speaker", "temperature", "longest_reply")
        kept = {name: getattr(self, name) for name in names}
        return Chat.of(self.next_logits, self.vocabulary, **kept | options)

    def say(self, text):
        """Say something, and hear what the other person says: a text.

        Raises ValueError if the text is empty, and `DialogueFull`, one too, if the dialogue would be longer than the
        model can read. The dialogue is as it was then.
        """
        if not text.strip():
            raise ValueError("text needs at least one word, got none")
        return self._hear([*self.tokens, *self.vocabulary.encode_turn(text, self.speaker)])

    def listen(self):
        """Let the other person begin, or say more: a text. Errors as in `say`."""
        return self._hear(self.tokens)

    def transcript(self):
        """The dialogue so far, a line for each turn, as the model read it."""
        return self.vocabulary.decode(self.tokens)

    def _hear(self, tokens):
        prompt = [*tokens, self.vocabulary.numbers[SPEAKERS[1 - self.speaker]]]
        end, room = self.vocabulary.numbers[END_OF_TURN], self.max_length - len(prompt) - 1
        if room < 1:
            needed = f"at most the max_length = {self.max_length} tokens of the model"
            raise DialogueFull(
                f"the dialogue needs {needed}, a reply included, got {len(prompt)} before it: begin anew"
            )
        uniforms = self.rng.random(min(room, self.longest_reply))
        reply = sample_reply(self.next_logits, prompt, uniforms, temperature=self.temperature, stop=end)
        self.tokens, self.is_cut = [*prompt, *reply, end], len(reply) == len(uniforms)
        self.replies.append((len(prompt), len(prompt) + len(reply)))
        return self.vocabulary.decode(reply)


def remarks_on_words(talk, text):
    """What to know of a sentence that is to be said: list of texts, empty if the model knows all its words."""
    unknown = talk.vocabulary.unknown_words(text)
    return [f"Words the model does not know: {', '.join(unknown)}."] if unknown else []


def remarks_on_reply(talk):
    """What to know of the last reply: list of texts, on each of its codes and on an end that the model did not find."""
    words, (start, end) = [talk.vocabulary.words[token] for token in talk.tokens], talk.replies[-1]
    remarks = [_remark_on_code(said) for said in codes_said(words, talk.replies) if said.place >= start]
    return [*remarks, f"Cut off after {end - start} tokens."] if talk.is_cut else remarks


def _remark_on_code(said):
    if not said.told:
        return f"{said.code}: no code was told before, so the model made one up."
    if said.distance:
        return f"✓ {said.code} is the code that was told, {said.distance} tokens back."
    return f"✗ {said.code} is not the code that was told: {' or '.join(said.told)}."


def chat(talk, *, read=input, write=print):
    """Talk in plain text until an empty line, or the end of what can be read.

    talk : `Chat`
    read, write : functions that ask for a line and show one
    """
    own, other = SPEAKERS[talk.speaker], SPEAKERS[1 - talk.speaker]
    write("An empty line ends the talk.")
    if talk.speaker == 1 and not talk.tokens:
        write(f"{other} {talk.listen()}")
        _write_remarks(write, remarks_on_reply(talk))
    while text := _line(read, own):
        _write_remarks(write, remarks_on_words(talk, text))
        try:
            write(f"{other} {talk.say(text)}")
        except ValueError as problem:
            write(f"({problem})")
            break
        _write_remarks(write, remarks_on_reply(talk))


def _write_remarks(write, remarks):
    for remark in remarks:
        write(f"({remark})")


def _line(read, own):
    try:
        return read(f"{own} ").strip()
    except EOFError:
        return ""
