// Variables to and from files in Fluid's streams (tensor/stream.h).

#include "paddle/op/registry.h"
#include "paddle/tensor/stream.h"

namespace paddle {
namespace {

constexpr std::string_view kOverwriteDoc = "Whether a file that is there may be replaced.";
constexpr std::string_view kSaveHalfDoc = "Write the elements as float16.";
constexpr std::string_view kLoadHalfDoc = "Convert the elements to float16.";

struct SaveAttrs {
  bool overwrite = true, save_as_fp16 = false;
  std::string file_path;
  static auto Fields() {
    using A = SaveAttrs;
    return std::tuple{Field{"overwrite", &A::overwrite, kOverwriteDoc},
                      Field{"save_as_fp16", &A::save_as_fp16, kSaveHalfDoc},
                      Field{"file_path", &A::file_path, "The file; folders on the way are made.", Presence::kRequired}};
  }
};

struct SaveCombineAttrs {
  bool overwrite = true, save_as_fp16 = false;
  std::string file_path;
  bool save_to_memory = false;
  static auto Fields() {
    using A = SaveCombineAttrs;
    return std::tuple{Field{"overwrite", &A::overwrite, kOverwriteDoc},
                      Field{"save_as_fp16", &A::save_as_fp16, kSaveHalfDoc},
                      Field{"file_path", &A::file_path, "The file; folders on the way are made.", Presence::kRequired},
                      Field{"save_to_memory", &A::save_to_memory, "Write into the variable Y instead of the file."}};
  }
};

struct LoadAttrs {
  bool load_as_fp16 = false;
  std::string file_path;
  int64_t seek = -1;
  std::vector<int64_t> shape;
  static auto Fields() {
    using A = LoadAttrs;
    return std::tuple{Field{"load_as_fp16", &A::load_as_fp16, kLoadHalfDoc},
                      Field{"file_path", &A::file_path, "The file.", Presence::kRequired},
                      Field{"seek", &A::seek, "The first element of the part to load; -1: load the whole."},
                      Field{"shape", &A::shape, "The shape of the part to load, with seek."}};
  }
};

struct LoadCombineAttrs {
  bool load_as_fp16 = false;
  std::string file_path;
  bool model_from_memory = false;
  static auto Fields() {
    using A = LoadCombineAttrs;
    return std::tuple{
        Field{"load_as_fp16", &A::load_as_fp16, kLoadHalfDoc},
        Field{"file_path", &A::file_path, "The file; with model_from_memory its content.", Presence::kRequired},
        Field{"model_from_memory", &A::model_from_memory, "Whether file_path is the content itself."}};
  }
};

template <class Attrs>
void InferNothing(const Attrs&, InferContext&) {}

void CheckOverwrite(const std::string& path, bool overwrite) {
  Require(overwrite || !FileExists(path), "file '", path, "' is there already, and overwrite is false");
}

void WriteOne(const Tensor& tensor, bool half, ByteSink* sink) {
  Require(tensor.initialized(), "the variable to save holds no value; run the startup program, or load it");
  WriteLodTensor(half ? ToFloat16(tensor) : tensor, sink);
}

template <class Write>
void WriteFileWith(const std::string& path, bool overwrite, const Write& write) {
  CheckOverwrite(path, overwrite);
  FileSink sink(path);
  write(&sink);
  sink.Commit();
}

void SaveTensor(const CpuContext&, const SaveAttrs& attrs, const Tensor& x) {
  WriteFileWith(attrs.file_path, attrs.overwrite, [&](ByteSink* sink) { WriteOne(x, attrs.save_as_fp16, sink); });
}

void SaveRows(const CpuContext&, const SaveAttrs& attrs, const SelectedRows& x) {
  Require(x.value.initialized(), "the variable to save holds no value");
  WriteFileWith(attrs.file_path, attrs.overwrite, [&](ByteSink* sink) { WriteSelectedRows(x, sink); });
}

void SaveCombine(const CpuContext&, const SaveCombineAttrs& attrs, Span<const Tensor> xs, Opaque* y) {
  const auto write = [&](ByteSink* sink) {
    for (const Tensor* x : xs) {
      Require(x != nullptr, "one of the variables to save is @EMPTY@");
      WriteOne(*x, attrs.save_as_fp16, sink);
    }
  };
  if (!attrs.save_to_memory) return WriteFileWith(attrs.file_path, attrs.overwrite, write);
  Require(y != nullptr, "save_to_memory needs the output Y");
  MemorySink sink;
  write(&sink);
  y->value = std::move(sink.bytes());
}

Tensor MaybeHalf(Tensor tensor, bool half) { return half ? ToFloat16(tensor) : tensor; }

void CheckEnd(const ByteSource& source) {
  Require(source.remaining() == 0, source.name(), " has ", source.remaining(),
          " bytes more than the variables to load take; are all variables that it was saved from loaded?");
}

void LoadTensor(const CpuContext&, const LoadAttrs& attrs, Tensor& out) {
  FileSource source(attrs.file_path);
  Tensor read = attrs.seek < 0 ? ReadLodTensor(&source) : ReadPart(&source, attrs.seek, Dims(attrs.shape));
  CheckEnd(source);
  out.ShareFrom(MaybeHalf(std::move(read), attrs.load_as_fp16));
}

void LoadRows(const CpuContext&, const LoadAttrs& attrs, SelectedRows& out) {
  Require(attrs.seek < 0 && !attrs.load_as_fp16, "SelectedRows can be loaded only whole and as they are");
  FileSource source(attrs.file_path);
  SelectedRows read = ReadSelectedRows(&source);
  CheckEnd(source);
  out = std::move(read);
}

void ReadAll(ByteSource* source, bool half, Span<Tensor> outs) {
  std::vector<Tensor> read;  // all before any is changed
  for (size_t i = 0; i < outs.size(); ++i) read.push_back(MaybeHalf(ReadLodTensor(source), half));
  CheckEnd(*source);
  for (size_t i = 0; i < outs.size(); ++i)
    if (outs[i]) outs[i]->ShareFrom(read[i]);
}

void LoadCombine(const CpuContext&, const LoadCombineAttrs& attrs, Span<Tensor> outs) {
  if (attrs.model_from_memory) {
    MemorySource source(attrs.file_path);
    ReadAll(&source, attrs.load_as_fp16, outs);
  } else {
    FileSource source(attrs.file_path);
    ReadAll(&source, attrs.load_as_fp16, outs);
  }
}

const Registered kSave = RegisterOp<SaveAttrs>({
    .name = "save",
    .doc = "Writes a variable to a file, as a LoDTensor or SelectedRows stream. The file appears whole or not at all.",
    .inputs = {{"X", "The variable: a LoDTensor, or SelectedRows."}},
    .outputs = {},
    .infer = InferNothing<SaveAttrs>,
    .traits = kEffect | kIo | kHost,
});
const Registered kSaveTensor = RegisterKernel("save", SaveTensor);
const Registered kSaveRows = RegisterKernel("save", SaveRows);

const Registered kSaveCombine = RegisterOp<SaveCombineAttrs>({
    .name = "save_combine",
    .doc = "Writes variables to one file, their LoDTensor streams one after another. The file appears whole or not at "
           "all.",
    .inputs = {{"X", "The variables, in the order in which they are written.", kRepeated}},
    .outputs = {{"Y", "With save_to_memory: a variable that gets the bytes.", kOptional}},
    .infer = InferNothing<SaveCombineAttrs>,
    .traits = kEffect | kIo | kHost,
});
const Registered kSaveCombineCpu = RegisterKernel("save_combine", SaveCombine);

const Registered kLoad = RegisterOp<LoadAttrs>({
    .name = "load",
    .doc = "Reads a variable from a file that save wrote, or a part of it.",
    .inputs = {},
    .outputs = {{"Out", "The variable; its kind says what the file must hold.", kDynamic}},
    .infer = InferNothing<LoadAttrs>,
    .traits = kEffect | kIo | kHost,
});
const Registered kLoadTensor = RegisterKernel("load", LoadTensor);
const Registered kLoadRows = RegisterKernel("load", LoadRows);

const Registered kLoadCombine = RegisterOp<LoadCombineAttrs>({
    .name = "load_combine",
    .doc = "Reads variables from one file that save_combine wrote. Either all are read or none is changed.",
    .inputs = {},
    .outputs = {{"Out", "The variables, in the order in which they were written.", kRepeated | kDynamic}},
    .infer = InferNothing<LoadCombineAttrs>,
    .traits = kEffect | kIo | kHost,
});
const Registered kLoadCombineCpu = RegisterKernel("load_combine", LoadCombine);

}  // namespace
}  // namespace paddle
