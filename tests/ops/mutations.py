"""Damage to a program file that keeps its form: messages of proto/framework.proto with other numbers, names and parts."""

import struct

# The fields of each message that hold messages: number -> fields of that message.
TENSOR = {}
LOD_TENSOR = {1: TENSOR}
VARIABLE = {2: {2: TENSOR, 3: LOD_TENSOR, 4: LOD_TENSOR, 5: {1: LOD_TENSOR}}}
OPERATOR = {1: {}, 2: {}, 4: {}}
PROGRAM = {1: {3: VARIABLE, 4: OPERATOR}}

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FORMATS = {FIXED64: "<d", FIXED32: "<f"}
INTEGERS = [-1, 0, 1, 2, 3, 7, 100, 2**31 - 1, -(2**31), 2**62, -(2**63), 2**63 - 1]
FLOATS = [0.0, -1.0, 1e30, -1e30, 1e-30, float("inf"), float("nan")]
NAMES = [b"", b"@EMPTY@", b"x@GRAD", b"\xff"]


class Field:
    """One field of a message; ``value`` is a number, bytes, or a list of fields."""

    def __init__(self, number, wire, value, path):
        self.number, self.wire, self.value, self.path = number, wire, value, path


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value - (value >> 63 << 64), at


def write_varint(value):
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def parse(data, messages=PROGRAM, path=()):
    fields, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        here = path + (number,)
        if wire == VARINT:
            value, at = read_varint(data, at)
        else:
            size = 8 if wire == FIXED64 else 4
            if wire == BYTES:
                size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
            if wire in FORMATS:
                (value,) = struct.unpack(FORMATS[wire], value)
            elif number in messages:
                value = parse(value, messages[number], here)
        fields.append(Field(number, wire, value, here))
    return fields


def serialize(fields):
    out = []
    for field in fields:
        out.append(write_varint(field.number << 3 | field.wire))
        if field.wire == VARINT:
            out.append(write_varint(field.value))
        elif field.wire == BYTES:
            value = serialize(field.value) if isinstance(field.value, list) else field.value
            out += [write_varint(len(value)), value]
        else:
            out.append(struct.pack(FORMATS[field.wire], field.value))
    return b"".join(out)


def places(fields):
    """(list, index) of each field of the tree but for the bytes that Python wrote for errors only."""
    for i, field in enumerate(fields):
        yield fields, i
        if isinstance(field.value, list) and not is_common(field):
            yield from places(field.value)


def is_common(field):
    return any(part.value in (b"op_callstack", b"op_namescope") for part in field.value)


def change_message(fields, i, like, random):
    """Drops, doubles, moves or replaces a part."""
    other = fields[random.randrange(len(fields))]
    choice = random.randrange(5)
    if choice == 0:
        del fields[i]
    elif choice == 1:
        fields.insert(random.randrange(len(fields) + 1), fields[i])
    elif choice == 2:
        fields.insert(random.randrange(len(fields)), fields.pop(i))
    elif choice == 3 and other.number == fields[i].number:
        fields[i] = other
    else:
        fields[i] = random.choice(like)


def mutate(data, random):
    """The program with one to three changes: numbers, names (of ops, slots, variables), and whole parts dropped or doubled."""
    tree = parse(data)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        kinds = {}
        for fields, i in places(tree):
            kinds.setdefault((fields[i].wire, isinstance(fields[i].value, list)), []).append((fields, i))
        if not kinds:
            break
        at = random.choice(kinds[random.choice(sorted(kinds))])
        change(tree, at, random)
    return serialize(tree)


def change(tree, at, random):
    fields, i = at
    field = fields[i]
    like = [others[k] for others, k in places(tree) if others[k].path == field.path]
    if field.wire == BYTES and (isinstance(field.value, list) or random.random() < 0.2):
        change_message(fields, i, like, random)
    elif field.wire == BYTES:
        value = random.choice(NAMES) if random.random() < 0.2 else random.choice(like).value
        fields[i] = Field(field.number, BYTES, value, field.path)
    elif field.wire == VARINT:
        value = random.choice(INTEGERS + [field.value + 1, field.value - 1])
        fields[i] = Field(field.number, VARINT, value, field.path)
    elif random.random() < 0.2:
        change_message(fields, i, like, random)
    else:
        fields[i] = Field(field.number, field.wire, random.choice(FLOATS), field.path)
