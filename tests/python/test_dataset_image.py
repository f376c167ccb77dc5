"""Images and data sets of images from small files in the original formats: image, flowers, voc2012."""

import io
import pickle
import tarfile

import numpy as np
import pytest

from paddle.dataset import common, flowers, image, voc2012

PIL = pytest.importorskip("PIL.Image")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "DATA_HOME", str(tmp_path))
    return tmp_path


def pixels(seed=0, height=30, width=40):
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype("uint8")


def encoded(array, format="PNG"):
    content = io.BytesIO()
    PIL.fromarray(array).save(content, format)
    return content.getvalue()


def tar(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_loading(tmp_path):
    rgb = pixels()
    (tmp_path / "a.png").write_bytes(encoded(rgb))
    np.testing.assert_array_equal(image.load_image(str(tmp_path / "a.png")), rgb[:, :, ::-1])
    grey = image.load_image_bytes(encoded(rgb), is_color=False)
    np.testing.assert_allclose(grey, rgb @ np.array([0.299, 0.587, 0.114]), atol=1)
    with pytest.raises(ValueError, match="the 3 bytes are no image"):
        image.load_image_bytes(b"abc")


def test_resizing():
    # what OpenCV's bicubic filter gives
    line = np.array([[0, 100, 200, 50]], "uint8").repeat(4, 0)
    assert image.resize_short(line, 4).tolist() == line.tolist()
    np.testing.assert_array_equal(image.resize_short(line, 2)[0], [41, 134])
    assert image.resize_short(pixels(), 20).shape == (20, 26, 3)
    assert image.resize_short(pixels().transpose(1, 0, 2), 17).shape == (22, 17, 3)
    flat = np.full((5, 7), 9, "uint8")
    assert (image.resize_short(flat, 11) == 9).all()
    assert image.resize_short(pixels().astype("float32"), 20).dtype == np.float32


def test_cropping_and_mirroring():
    rgb = pixels()
    np.testing.assert_array_equal(image.center_crop(rgb, 20), rgb[5:25, 10:30])
    np.testing.assert_array_equal(image.left_right_flip(rgb)[:, 0], rgb[:, -1])
    assert image.to_chw(rgb).shape == (3, 30, 40)
    np.random.seed(5)
    places = {image.random_crop(rgb, 29).tobytes() for _ in range(100)}
    assert len(places) == 2 * 12
    with pytest.raises(ValueError, match="no 31 x 31 pixels"):
        image.center_crop(rgb, 31)
    with pytest.raises(ValueError, match="2 axes"):
        image.to_chw(rgb[:, :, 0])


def test_transforming(tmp_path):
    rgb = pixels()
    plain = image.simple_transform(rgb, 24, 16, False)
    assert plain.shape == (3, 16, 16) and plain.dtype == np.float32
    np.testing.assert_array_equal(image.simple_transform(rgb, 24, 16, False, mean=[1, 2, 3])[2], plain[2] - 3)
    np.testing.assert_array_equal(image.simple_transform(rgb, 24, 16, False, mean=plain), np.zeros_like(plain))
    assert image.simple_transform(rgb[:, :, 0], 24, 16, True, is_color=False).shape == (16, 16)
    (tmp_path / "a.png").write_bytes(encoded(rgb[:, :, ::-1]))
    np.testing.assert_array_equal(image.load_and_transform(str(tmp_path / "a.png"), 24, 16, False), plain)
    np.random.seed(0)
    assert len({image.simple_transform(rgb, 24, 24, True).tobytes() for _ in range(100)}) == 2 * 9


def test_batches(tmp_path):
    tar(tmp_path / "x.tar", {"jpg/%d" % i: b"%d" % i for i in range(4)})
    listing = image.batch_images_from_tar(str(tmp_path / "x.tar"), "train", {"jpg/0": 5, "jpg/2": 6, "jpg/3": 7}, 2)
    assert listing == str(tmp_path / "x.tar_batch" / "train.txt")
    with open(listing) as file:
        batches = [pickle.load(open(path, "rb")) for path in file.read().split()]
    assert batches == [{"label": [5, 6], "data": [b"0", b"2"]}, {"label": [7], "data": [b"3"]}]
    assert image.batch_images_from_tar(str(tmp_path / "x.tar"), "train", {}) == listing


def test_flowers(home):
    savemat = pytest.importorskip("scipy.io").savemat
    with pytest.raises(FileNotFoundError, match="imagelabels.mat"):
        next(flowers.test(use_xmap=False)())
    images = {"jpg/image_%05d.jpg" % i: encoded(pixels(i, 280, 300), "JPEG") for i in range(1, 6)}
    tar(home / "flowers" / "102flowers.tgz", images)
    savemat(home / "flowers" / "imagelabels.mat", {"labels": np.array([[5, 3, 102, 1, 2]], "uint8")})
    parts = {"trnid": [[2, 1]], "valid": [[3]], "tstid": [[4, 5]]}
    savemat(home / "flowers" / "setid.mat", {key: np.array(value, "uint16") for key, value in parts.items()})
    assert sorted(label for _, label in flowers.train()()) == [0, 1]
    assert [label for _, label in flowers.test(use_xmap=False)()] == [4, 2]
    ((values, label),) = flowers.valid(use_xmap=False)()
    assert values.shape == (3 * 224 * 224,) and values.dtype == np.float32 and label == 101
    blue = image.resize_short(image.load_image_bytes(images["jpg/image_00003.jpg"]), 256)[16, 25, 0]
    np.testing.assert_allclose(values[0], blue - 103.94, rtol=1e-5)
    cycle = flowers.test(mapper=lambda sample: sample[1], use_xmap=False, cycle=True)()
    assert [next(cycle) for _ in range(5)] == [4, 2, 4, 2, 4]


def test_voc2012(home):
    shows = PIL.fromarray((np.arange(12).reshape(3, 4) % 21).astype("uint8"), "P")
    shows.putpalette(list(range(256)) * 3)
    content = io.BytesIO()
    shows.save(content, "PNG")
    files = {"ImageSets/Segmentation/%s.txt" % part: names for part, names in
             (("train", b"a\n"), ("val", b"b\n"), ("trainval", b"a\nb\n"))}
    for i, name in enumerate("ab"):
        files["JPEGImages/%s.jpg" % name] = encoded(np.full((3, 4, 3), 50 * i + 10, "uint8"), "JPEG")
        files["SegmentationClass/%s.png" % name] = content.getvalue()
    path = home / "voc2012" / "VOCtrainval_11-May-2012.tar"
    with pytest.raises(FileNotFoundError, match="VOCtrainval"):
        next(voc2012.train()())
    tar(path, {"VOCdevkit/VOC2012/" + name: data for name, data in files.items()})
    assert [int(each[0, 0, 0]) for each, _ in voc2012.train()()] == [10, 60]
    assert [int(each[0, 0, 0]) for each, _ in voc2012.test()()] == [10]
    ((values, label),) = voc2012.val()()
    assert values.shape == (3, 4, 3) and values.dtype == np.uint8
    np.testing.assert_array_equal(label, np.arange(12).reshape(3, 4))
