"""Trains the example encoder_decoder.py, and spells the words that were held back after each epoch."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import measure  # noqa: E402
import words  # noqa: E402

import paddle.fluid as fluid  # noqa: E402


def main():
    case = measure.case()
    data, (net, _, _) = words.Words(case["data"]), words.example()
    (program, startup), _, loss = net.build(1, data.characters, data.letters)
    speller, spellings = net.build_speller(data.characters, data.letters)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    for name, value in data.parameters.items():
        fluid.global_scope().find_var(name).get_tensor().set(value, fluid.CPUPlace())

    losses, exact = [], []

    def one_epoch(number):
        for pairs in data.batches(number):
            losses.append(exe.run(program, net.batch(pairs), [loss])[0].item())

    ms = []
    for number in range(len(data.orders)):
        ms += measure.time_steps(lambda _: one_epoch(number), 0, 1)
        exact.append(net.exact(exe, speller, spellings, data.test))
    measure.finish(ms, len(data.train), losses=losses, exact=exact)


main()
