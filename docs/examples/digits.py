"""Trains a small convolutional network to read handwritten digits."""

import numpy as np

import datasets
import export
import paddle.fluid as fluid
import training


def network(image, dropout=0.5):
    """Probabilities of the ten digits, [N, 10], for images [N, 1, 28, 28]."""
    hidden = fluid.nets.simple_img_conv_pool(image, 20, 5, pool_size=2, pool_stride=2, act="relu")
    hidden = fluid.nets.simple_img_conv_pool(hidden, 50, 5, pool_size=2, pool_stride=2, act="relu")
    hidden = fluid.layers.fc(hidden, 256, act="relu")
    hidden = fluid.layers.dropout(hidden, dropout, dropout_implementation="upscale_in_train")
    return fluid.layers.fc(hidden, 10, act="softmax")


def build(seed, epochs, batches, dropout=0.5):
    """Describe the network and its training; the learning rate decays over so many epochs of so many batches.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the probabilities, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        image = fluid.data("image", [None, 1, 28, 28], "float32")
        label = fluid.data("label", [None, 1], "int64")
        loader = fluid.io.DataLoader.from_generator([image, label], capacity=8)
        probability = network(image, dropout)
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, label))
        rate = fluid.layers.cosine_decay(0.002, batches, epochs)
        fluid.optimizer.Adam(rate).minimize(loss)
    return (main, startup, predict), loader, probability, loss


def shifted(images, random):
    """Images [N, 1, 28, 28], each moved up or down and sideways by up to two pixels."""
    padded = np.pad(images, [(0, 0), (0, 0), (2, 2), (2, 2)], "constant", constant_values=-1)
    corners = random.randint(0, 5, [len(images), 2])
    return np.stack([image[:, top : top + 28, left : left + 28] for image, (top, left) in zip(padded, corners)])


def batch(images, labels, random):
    """What to feed for some images to train, shifted at random."""
    return {"image": shifted(images, random), "label": labels}


def accuracy(exe, predict, probability, images, labels):
    """Share of images whose most probable digit is the right one."""
    starts = range(0, len(images), 250)
    runs = [exe.run(predict, {"image": images[at : at + 250]}, [probability])[0] for at in starts]
    return np.mean(np.concatenate(runs).argmax(1) == labels[:, 0])


def train():
    args = training.options(__doc__, "out/digits", epochs=10)
    (images, labels), (test_images, test_labels) = datasets.digits(args.small, args.validate)
    programs, loader, probability, loss = build(args.seed, args.epochs, training.batches(len(images)))
    main, startup, predict = programs

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(images))
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch(images[numbers], labels[numbers], random)):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(accuracy(exe, predict, probability, test_images, test_labels))
    run.finish()

    parts = [slice(at, at + 64) for at in range(0, 320, 64)]
    first = [{"image": images[part], "label": labels[part]} for part in parts]
    export.save_model(args.out, exe, predict, [probability], {"image": test_images[:8]})
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()
