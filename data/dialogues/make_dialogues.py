"""Make data/dialogues from a small grammar: `python data/dialogues/make_dialogues.py`.

Person 1 books a table, a room or seats on a train with Person 2, or changes a booking. Each dialogue has one booking
code of five symbols, drawn anew. It is told once and repeated later, by either of the two, after other questions and
answers: never after a fixed number of turns or words. So only a model that looks the code up can repeat it.

All sentences and names are the course's own. The same seed gives the same bytes on every machine: of Python's random
numbers only `random()` is used, whose values are promised to stay.
"""

import argparse
import hashlib
import json
import random
import re
from pathlib import Path

HERE = Path(__file__).parent
SEED = 0
N_DIALOGUES = {"training": 1600, "held_out": 200}
CODE_LETTERS, CODE_DIGITS = "BCDFGHJKLMNPQRSTVWXZ", "23456789"  # no vowels: a code is no word by accident
CODE_LENGTH = 5
CODE = re.compile(rf"#[{CODE_LETTERS}{CODE_DIGITS}]{{{CODE_LENGTH}}}\b")

QUARTERS = ("00", "15", "30", "45")

# A slot in [brackets] is chosen once for a dialogue; one of {this|that|} is chosen each time.
SLOTS = {
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "count": "two three four five six seven eight".split(),
    "nights": "two three four five six seven".split(),
    "town": "Tarnwick Oxmere Haldon Brindle Winsley Corvey Farlow Easterby Quarne Lodden".split(),
    "area": ["north", "south", "east", "west", "centre"],
    "price": ["cheap", "moderate", "fancy"],
    "food": "Italian Indian Greek Turkish Japanese Spanish Korean Persian vegetarian seafood".split(),
    "first": "Blue Silver Old Golden Quiet Hungry Green Crooked Copper Wandering Little Painted".split(),
    "second": "Lantern Fox Kettle Willow Anchor Heron Orchard Compass Barrel Sparrow Mill Bridge".split(),
    "house": "House Lodge Inn Hotel".split(),
    "street": "Harbour Market Castle Station Garden Mill Church River".split(),
    "road": "Street Road Lane Square".split(),
    "minutes": "five ten fifteen twenty forty".split(),
    "pounds": "nine twelve eighteen thirty ninety".split(),
}

DOMAINS = {
    "restaurant": {
        "hours": range(17, 22),
        "names": {"place": "the [first] [second]", "thing": "table"},
        "ask": [
            "I {want|would like|need} a {table|restaurant} for [count] {on [day]|}.",
            "{Can|Could} you {find|suggest} a restaurant with [food] food {in [town]|}?",
            "I am looking for {somewhere|a place} to eat {in the [area] {of town|}|in [town]|on [day]}.",
            "We are [count] and {we are hungry|we want to eat [food] food} {on [day]|tonight}.",
            "Do you know a [price] restaurant {in [town]|that is not too loud}?",
            "It is my {mother's|friend's|sister's} birthday {on [day]|} and I {want|need} a {nice|} table.",
        ],
        "details": [
            ("{What|Which} {kind of food|food} {would you like|do you like}?", "[food]{, please|}."),
            ("{Which|What} part of town?", "{The|In the|Somewhere in the} [area]{, please|}."),
            ("{And the|What} price {range|}?", "[price]{, please| is fine|}."),
            ("For how many {people|}?", "{We are|There are|For} [count]{ of us|}."),
            ("{For which|Which|On which} day?", "{On|This|For} [day]."),
            ("{At what|What} time?", "{At|Around} [time]{, please|}."),
        ],
        "offer": [
            "{How|What} about [place] in [street] [road]?",
            "{I can offer|There is} [place] in [street] [road].",
            "[place] is [price] and {very good|close|popular|in the [area]}. {Shall I book it|Is that all right}?",
        ],
        "booked": [
            "{Done|Booked|Very good}, [count] {people|} {on [day]|} at [time].",
            "Your table at [place] is {ready|booked|reserved}.",
            "[place] {will wait|expects you} at [time] on [day].",
        ],
        "farewell": ("{Lovely|Great}. {See you|Until} [day].", "{See you then|Enjoy your meal|Until [day]}."),
        "questions": [
            (
                "Do they have {vegetarian|vegan} {food|dishes}?",
                "{Yes, three dishes|Yes, a whole page|I am afraid not}.",
            ),
            ("Can we sit {outside|by the window|upstairs}?", "{Yes|If the weather is good|Only before [time]}."),
            ("{Can I bring|Do they allow} {my dog|a small dog}?", "{A quiet one, yes|No, no animals|Only outside}."),
            ("Is there {music|live music}?", "{On [day], yes|Never|A piano, after [time]}."),
            ("Do they have a {table|menu} for children?", "{Yes, of course|No, but they can help}."),
            ("How long can we stay?", "{Until they close|Two hours|As long as you like}."),
        ],
    },
    "hotel": {
        "hours": range(7, 12),
        "names": {"place": "the [first] [house]", "thing": "room"},
        "ask": [
            "I {want|would like|need} a {room|hotel} {in [town]|} for [nights] nights.",
            "{Can|Could} you {find|suggest} {somewhere|a place} to {stay|sleep} {in [town]|in the [area]}?",
            "I am looking for a [price] hotel {in the [area] {of town|}|with a garden|from [day]}.",
            "We {arrive|will come} on [day] and {have no hotel yet|need [count] beds}.",
            "{My brother|My aunt|A friend} marries in [town] and {I need|we need} a room.",
        ],
        "details": [
            ("{For how many|How many} nights?", "[nights]{, please| nights|}."),
            ("{When|On which day} do you arrive?", "{On|This|Next} [day]."),
            ("{Which|What} part of town?", "{The|In the|Somewhere in the} [area]{, please|}."),
            ("{And the|What} price {range|}?", "[price]{, please| is fine|}."),
            ("For how many {people|guests}?", "{We are|There are|For} [count]{ of us|}."),
            ("One bed or two?", "{Two beds|One|One bed}{, please|}."),
            ("A large room or a small one?", "{A large one|A small one|Large}{, please|}."),
        ],
        "offer": [
            "{How|What} about [place] in [street] [road]?",
            "{I can offer|There is} [place] in [street] [road].",
            "[place] has {one room left|a room with a view|rooms} at [pounds] pounds. {Shall I book it|All right}?",
        ],
        "booked": [
            "{Done|Booked|Very good}, [nights] nights from [day].",
            "Your room at [place] is {ready|booked|reserved}.",
            "[place] expects you on [day]{ after [time]|}.",
        ],
        "farewell": ("{Lovely|Great}. {See you|Until} [day].", "{See you then|Sleep well|Until [day]}."),
        "questions": [
            ("Is there {parking|a garage|a place for my bicycle}?", "{Yes, behind the house|In the next street|No}."),
            ("{Is breakfast included|Do I get breakfast}?", "{Yes, until [time]|No, it is [pounds] pounds|Of course}."),
            ("Do they have {wifi|a pool|a garden}?", "{They do|Not yet|Yes, it is free}."),
            ("Does the lift work?", "{It does|Not today|On most days}."),
            (
                "{Can I bring|Do they allow} {my dog|a cat|my parrot}?",
                "{Yes, gladly|No, no animals|For [pounds] pounds}.",
            ),
            ("When can I {get the key|check in}?", "{From [time]|At any time|After [time]}."),
            ("Is it {quiet|noisy} at night?", "{You hear only the river|There is a bar below|Very quiet}."),
        ],
    },
    "train": {
        "hours": range(6, 22),
        "names": {"place": "the [time] from [town]", "thing": "seat"},
        "ask": [
            "I {want|would like|need} a train {from [town]|} to [other] {on [day]|}.",
            "{How|When} do I get {from [town]|} to [other] {on [day]|}?",
            "{Can|Could} you book {a train|seats} to [other] {for [count]|for me}?",
            "I have to be in [other] {on [day]|before noon|soon}. Is there a train?",
            "We are [count] and we want to {go|travel} to [other].",
        ],
        "details": [
            ("{From where|Where do you start|Where from}?", "{From|I start in} [town]."),
            ("{For which|Which|On which} day?", "{On|This|For} [day]."),
            ("{At what|What} time?", "{At|Around|After} [time]{, please|}."),
            ("{How many tickets|How many seats|For how many}?", "[count]{, please| tickets|}."),
            ("First class or second?", "{First|Second}{ class|, please|}."),
            ("One way or return?", "{One way|Return}{, please|}."),
        ],
        "offer": [
            "{How|What} about [place]?",
            "{I can offer|There is} [place], platform [count].",
            "[place] takes [minutes] minutes and costs [pounds] pounds. {Shall I book it|Is that all right}?",
        ],
        "booked": [
            "{Done|Booked|Very good}, [count] seats to [other].",
            "Your {seats are|ticket is} {ready|booked|reserved}.",
            "You leave [town] at [time] on [day].",
        ],
        "farewell": ("{Lovely|Great}. {Bye|Goodbye}.", "{Have a good trip|Good travels|Until then}."),
        "questions": [
            ("{Which|What} platform?", "Platform [count]{, over the bridge|}."),
            ("How long does it take?", "{About|Only|Just over} [minutes] minutes."),
            (
                "Is there {coffee|food|soup|tea} on the train?",
                "{In coach [count]|No, bring some|At times}.",
            ),
            ("Can I take my {bicycle|dog|cello}?", "{Yes, in the last coach|Not before [time]|For [pounds] pounds}."),
            ("Do I have to change?", "{Once, in [between]|No|Only on [day]}."),
            ("What if I {miss it|am late}?", "{Take the next one|The next one leaves at [later]|Then you wait}."),
        ],
    },
}

HELLO = [
    ("{Hello|Hi|Good morning|Good evening}.", "{Hello|Good day|Hi}, {how can I help|what can I do for you}?"),
    ("{Are you open|Is anybody there}?", "{Yes|Of course|Always}. {How can I help?|Go on.}"),
    ("{Hi|Hello}, is this the booking desk?", "{Yes, it is|It is}. {How can I help?|Go on.}"),
]
REFUSE = ["{Something else|Another one|Not that one}, please.", "{No, thanks|No|Hmm, no}. What else is there?"]
ACCEPT = [
    "{Yes|Yes, please|Good|Fine}, {book it|take that|I take it}.",
    "{That sounds|Sounds|That is} {good|lovely|perfect}. {Book it|Please book it|I take it}.",
    "{Why not|With pleasure|Let me think}. {Yes, book it|Yes, please|I take that}.",
]
TELL = [
    "{Your|The} {code|booking code|reference} is [code].",
    "{Please note|Write down|Keep} the code [code].",
    "{It is|The booking is} under the code [code].",
]
PEN = ["{One moment|Wait}, I need a pen.", "{Noted|I wrote it down}.", "{Thanks|Thank you|Great|Perfect|Good}."]
THANKS = ["{Thanks|Thank you|Great|Perfect|Good}.", "{I see|All right|Oh}."]
MORE = ["{Anything else|Can I help with anything else|What else}?", "{You are welcome|No problem|Take your time}."]
LEAD = ["{One more thing|Another question}:", "{Sorry|Tell me|Oh}:", "", "", ""]
ASK_CODE = [
    "{What|What|Sorry, what} was {the|my} {code|reference} again?",
    "{Could|Can} you {repeat|say} the {code|booking code} {again|once more|}?",
    "I {lost|forgot|did not hear} {the|my} {code|reference}.",
    "{And the|Sorry, the|The} {code|reference|booking code} {again|once more}, please?",
    "{Can|May} I have {the|my} {code|reference} {again|once more}, please?",
]
REPEAT = ["{Sure|Of course|Yes}, [code].", "{It is|The code is|Your code is|Here you are:} [code].", "[code]."]
READ_BACK = [
    "{So the code is|My code is|I have|I wrote} [code]{, right|, is that right|}?",
    "[code], {yes|right}?",
]
CONFIRM = [
    "{Yes|Exactly|Correct|That is it|That is right}.",
    "{Yes|Right|Correct|All right}, {that is the code|you have it}.",
    "{Yes|Right|Exactly|It is}, {[code]|the {code|reference} is [code]|I have [code] here|your booking is [code]}.",
]
CHANGE = [
    "I have a {booking|[thing]} and {want|need} to change it. {The|My} code is [code].",
    "{Hello|Hi}, {can|could} you look at my booking [code]?",
    "{It is|I am calling} about the booking [code].",
]
FOUND = [
    "{I see|Yes, I see|Found}: [place]. What {should I change|can I do}?",
    "{Let me see|One moment}. {Yes|Here}: [place].",
]
WISHES = [
    ("{Can|Could} we move it to [day]?", "{Done|That is possible|No problem}, [day] it is."),
    (
        "I have to {make it|come at} [later].",
        "{Changed|It is changed} to [later]. {Anything else|What else}?",
    ),
    ("We are {only|now} [count]. Is that {possible|a problem}?", "{It is all right|No problem|I changed it}."),
]
STILL = ["{Is the code|Is it} still {the same|[code]}?"]
KEEP = ["{It stays|It is still|Still} [code].", "{Yes|Yes, it is}, [code]."]
BYE = [
    ("{Thanks|Thank you|Perfect}, {bye|goodbye|that is all}.", "{Goodbye|Bye|Have a nice {day|evening|time}}."),
    (
        "{That is all|Nothing else}, {thanks|thank you}.",
        "{Enjoy it|Thank you for calling}. {Bye|Goodbye}.",
    ),
]


class Dialogue:
    """One dialogue under way: what was chosen for its slots, and the turns so far. Person 1 has the first."""

    def __init__(self, rng):
        self.rng, self.turns = rng, []
        self.domain = self.choose(list(DOMAINS))
        self.parts = DOMAINS[self.domain]
        self.chosen = self.parts["names"] | {"code": f"#{self.draw_code()}"}

    def choose(self, choices):
        return choices[int(self.rng.random() * len(choices))]

    def happens(self, chance):
        return self.rng.random() < chance

    def shuffled(self, choices):
        return sorted(choices, key=lambda _: self.rng.random())

    def draw_code(self):
        """A letter and a digit are in every code, and no symbol twice: so each symbol tells which one is next."""
        while True:
            code, left = "", CODE_LETTERS + CODE_DIGITS
            while len(code) < CODE_LENGTH:
                code += self.choose([symbol for symbol in left if symbol not in code])
            if not (code.isalpha() or code.isdigit()):
                return code

    def slot(self, name):
        """The words of a slot in this dialogue, chosen when they are first asked for."""
        if name not in self.chosen and name in ("time", "later"):
            self.chosen[name] = f"{self.choose(self.parts['hours'])}:{self.choose(QUARTERS)}"
        elif name not in self.chosen and name in ("town", "other", "between"):
            others = [town for town in SLOTS["town"] if town not in self.chosen.values()]
            self.chosen[name] = self.choose(others)
        elif name not in self.chosen:
            self.chosen[name] = self.choose(SLOTS[name])
        return self.fill(self.chosen[name])

    def fill(self, template):
        """A template with its choices made, from the innermost outwards, and its slots filled."""
        while choice := re.search(r"\{([^{}]*)\}", template):
            template = template.replace(choice[0], self.choose(choice[1].split("|")), 1)
        return re.sub(r"\[(\w+)\]", lambda slot: self.slot(slot[1]), template)

    def say(self, *templates):
        """Add the turn of whoever is next, of one or several sentences."""
        text = " ".join(" ".join(self.fill(template) for template in templates).split())
        text = re.sub(r" (?=[,.?])", "", text)
        self.turns.append(re.sub(r"(?:^|[.?:] )[a-z]", lambda start: start[0].upper(), text))

    def ask_for_details(self):
        """Questions of Person 2 about what was not said yet, and their answers."""
        n_left = self.choose((0, 0, 1, 1, 2))
        for question, answer in self.shuffled(self.parts["details"]):
            if n_left and not any(name in self.chosen for name in re.findall(r"\[(\w+)\]", answer)):
                self.say(question)
                self.say(answer)
                n_left -= 1

    def book(self):
        """From a greeting to the code."""
        if self.happens(0.3):
            for greeting in self.choose(HELLO):
                self.say(greeting)
        self.say(self.choose(self.parts["ask"]))
        self.ask_for_details()
        self.say(self.choose(self.parts["offer"]))
        if self.happens(0.25):
            self.say(self.choose(REFUSE))
            for name in ("first", "second", "house", "street", "pounds", "time"):
                self.chosen.pop(name, None)
            self.say(self.choose(self.parts["offer"]))
        self.say(self.choose(ACCEPT))
        self.say(*self.shuffled([self.choose(self.parts["booked"]), self.choose(TELL)]))

    def change(self):
        """Person 1 comes with a code, and has a wish."""
        self.say(self.choose(CHANGE))
        self.say(self.choose(FOUND))
        for wish in self.choose(WISHES):
            self.say(wish)

    def talk(self, questions, n_questions):
        """Questions of Person 1 that have nothing to do with the code: those left over are returned."""
        for question, answer in questions[:n_questions]:
            after = PEN if CODE.search(self.turns[-1]) else THANKS
            thanks = [self.choose(after)] if self.happens(0.3) else []
            self.say(*thanks, self.choose(LEAD), question)
            self.say(answer, *([self.choose(MORE)] if self.happens(0.2) else []))
        return questions[n_questions:]

    def repeat(self, is_change):
        """The code once more, of Person 2 or of both."""
        ways = [(ASK_CODE, REPEAT), (ASK_CODE, REPEAT), (READ_BACK, CONFIRM)] + [(STILL, KEEP)] * is_change
        first, second = self.choose(ways)
        self.say(self.choose(first))
        self.say(self.choose(second))


def make_dialogue(rng):
    """Draw a dialogue: (domain, turns)."""
    dialogue = Dialogue(rng)
    is_change = dialogue.happens(0.25)
    dialogue.change() if is_change else dialogue.book()
    questions = dialogue.talk(dialogue.shuffled(dialogue.parts["questions"]), dialogue.choose((0, 1, 1, 2, 3, 3)))
    dialogue.repeat(is_change)
    if dialogue.happens(0.3):
        dialogue.talk(questions, 1)
        dialogue.repeat(is_change)
    for farewell in dialogue.choose([*BYE, dialogue.parts["farewell"]]):
        dialogue.say(farewell)
    return dialogue.domain, dialogue.turns


def make_file(n_dialogues, rng):
    """The text of a file in the format of MultiWOZ 2.1, a dialogue a line."""
    lines = []
    for number in range(1, n_dialogues + 1):
        domain, turns = make_dialogue(rng)
        log = json.dumps([{"text": turn} for turn in turns])
        lines.append(f'"{domain}{number:04}": {{"log": {log}}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments=None):
    """Write the two files, and what they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    out = parser.parse_args(arguments).out
    rng, sums = random.Random(SEED), {}
    for name, n_dialogues in N_DIALOGUES.items():
        content = make_file(n_dialogues, rng).encode()
        (out / f"{name}.json").write_bytes(content)
        sums[f"{name}.json"] = hashlib.sha256(content).hexdigest()
    made = {"script": "data/dialogues/make_dialogues.py", "seed": SEED, "n_dialogues": N_DIALOGUES, "sha256": sums}
    (out / "dialogues.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
