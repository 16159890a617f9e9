"""Talk with a model that was trained on dialogues (unit 08).

`sample_reply` writes one turn with whatever foretells the next token: a model of `reformer` here, by `Reader`, or one
of Trax. `Chat` keeps the dialogue, and `chat` is the talk itself, in plain text.
"""

import numpy as np

from reformer.arguments import require_count
from reformer.sampling import sample_token
from reformer.streaming import Memory
from trax_bridge.dialogues import END_OF_TURN, SPEAKERS


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
        n_read, tokens = len(self.read), [int(token) for token in tokens]
        goes_on = self.memory is not None and self.read == tokens[:n_read]
        if not goes_on:
            self.memory = Memory(self.model, self.parameters, np.array([tokens], np.intp), seed=self.seed)
        for token in tokens[n_read:] if goes_on else []:
            self.memory.step(np.array([token]))
        self.read = tokens
        return self.memory.logits[0]


class Chat:
    """A dialogue between a reader of this course and a model.

    model, parameters : of `reformer`, trained on dialogues
    vocabulary : `Vocabulary` of these
    rng : numpy.random.Generator that draws the words of the model
    speaker : who the reader is, 0 for Person 1, 1 for Person 2
    temperature : of the replies, as in `sample_token`
    longest_reply : number of tokens

    `tokens` is the dialogue so far.
    """

    def __init__(self, model, parameters, vocabulary, *, rng, speaker=0, temperature=0.5, longest_reply=40):
        self.model, self.vocabulary, self.rng = model, vocabulary, rng
        self.speaker, self.temperature, self.longest_reply = speaker, temperature, longest_reply
        require_count("longest_reply", longest_reply)
        self.next_logits, self.tokens = Reader(model, parameters), []

    def say(self, text):
        """Say something, and hear what the other person says: a text.

        Raises ValueError if the text is empty, or the dialogue would be longer than the model can read. The dialogue is
        as it was then.
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
        end, room = self.vocabulary.numbers[END_OF_TURN], self.model.max_length - len(prompt) - 1
        if room < 1:
            needed = f"at most the max_length = {self.model.max_length} tokens of the model"
            raise ValueError(f"the dialogue needs {needed}, a reply included, got {len(prompt)} before it: begin anew")
        uniforms = self.rng.random(min(room, self.longest_reply))
        reply = sample_reply(self.next_logits, prompt, uniforms, temperature=self.temperature, stop=end)
        self.tokens = [*prompt, *reply, end]
        return self.vocabulary.decode(reply)


def chat(talk, *, read=input, write=print):
    """Talk in plain text until an empty line, or the end of what can be read.

    talk : `Chat`
    read, write : functions that ask for a line and show one
    """
    own, other = SPEAKERS[talk.speaker], SPEAKERS[1 - talk.speaker]
    write("An empty line ends the talk.")
    if talk.speaker == 1 and not talk.tokens:
        write(f"{other} {talk.listen()}")
    while text := _line(read, own):
        unknown = talk.vocabulary.unknown_words(text)
        if unknown:
            write(f"(Words the model does not know: {', '.join(unknown)}.)")
        try:
            write(f"{other} {talk.say(text)}")
        except ValueError as problem:
            write(f"({problem})")
            break


def _line(read, own):
    try:
        return read(f"{own} ").strip()
    except EOFError:
        return ""
