// chunk_eval: precision and recall of the chunks (names, phrases) that tags mark.
#include <set>

#include "paddle/op/registry.h"
#include "paddle/ops/labelling/ranges.h"

namespace paddle {
namespace {

struct ChunkEvalAttrs {
  int32_t num_chunk_types = 0;
  std::string chunk_scheme = "IOB";
  std::vector<int32_t> excluded_chunk_types;

  static auto Fields() {
    using A = ChunkEvalAttrs;
    return std::tuple{
        Field{"num_chunk_types", &A::num_chunk_types, "Number of types of chunks.", Presence::kRequired},
        Field{
            "chunk_scheme", &A::chunk_scheme,
            "How tags mark chunks. IOB: a tag for the first token and one for those inside; IOE: inside, last; IOBES: "
            "first, inside, last, single; plain: one tag."},
        Field{"excluded_chunk_types", &A::excluded_chunk_types, "Types whose chunks do not count."}};
  }
};

constexpr int64_t kOutside = -1;  // the type of tokens outside all chunks
constexpr int kUnmarked = -2;     // a part of chunks that has no tag of its own

// Numbers of the tags of one type.
struct Scheme {
  int tags, begin, inside, end, single;
};

Scheme ToScheme(std::string_view name) {
  if (name == "IOB") return {2, 0, 1, kUnmarked, kUnmarked};
  if (name == "IOE") return {2, kUnmarked, 0, 1, kUnmarked};
  if (name == "IOBES") return {4, 0, 1, 2, 3};
  if (name == "plain") return {1, kUnmarked, kUnmarked, kUnmarked, kUnmarked};
  throw InvalidArgument(StrCat("chunk_scheme is '", name, "'; expected IOB, IOE, IOBES or plain"));
}

void Infer(const ChunkEvalAttrs& attrs, InferContext& context) {
  ToScheme(attrs.chunk_scheme);
  Require(attrs.num_chunk_types > 0, "num_chunk_types is ", attrs.num_chunk_types, "; expected 1 or more");
  for (const int32_t type : attrs.excluded_chunk_types)
    Require(type >= 0 && type < attrs.num_chunk_types, "excluded_chunk_types holds ", type, "; expected 0 <= type < ",
            attrs.num_chunk_types);
  context.CheckDType("Inference", kIndices);
  context.CheckDType("Label", kIndices);
  const Dims& dims = context.In("Inference").dims;
  const bool padded = context.Has("SeqLength"), column = dims.rank() > 1 && dims[dims.rank() - 1] == 1;
  const int rank = padded ? 2 : 1;
  Require(dims.rank() == rank || (dims.rank() == rank + 1 && SizesAgree(dims[rank], 1)), "Inference has shape ", dims,
          padded ? "; expected [sequences, size] or [sequences, size, 1]" : "; expected [tokens, 1] or [tokens]");
  CheckTokens(context, "Label", column && dims.rank() > rank ? dims.Slice(0, rank) : dims);
  if (padded)
    CheckLengths(context, "SeqLength", dims[0]);
  else if (!context.building())
    CheckSameSequences(context, "Inference", "Label");
  for (const std::string_view out : {"Precision", "Recall", "F1-Score"}) context.SetOut(out, {1}, DType::kFloat32);
  for (const std::string_view out : {"NumInferChunks", "NumLabelChunks", "NumCorrectChunks"})
    context.SetOut(out, {1}, DType::kInt64);
}

// A tag taken apart; `part` is the number of the tag among those of its type.
struct Mark {
  int64_t type;
  int part;
};

struct Chunk {
  int64_t begin, end, type;
  auto operator<=>(const Chunk&) const = default;
};

// Whether a chunk ends between two tokens of a sequence. Wrong sequences of tags are read as the CoNLL evaluation does:
// a tag of another type or another chunk's first part ends a chunk and begins one.
bool Ends(const Scheme& scheme, Mark before, Mark after) {
  if (before.type == kOutside) return false;
  if (after.type != before.type) return true;
  return before.part == scheme.end || before.part == scheme.single || after.part == scheme.begin ||
         after.part == scheme.single;
}

// The chunks of types that count, in their order.
void FindChunks(const Scheme& scheme, const ChunkEvalAttrs& attrs, const std::vector<int64_t>& tags, RowRange range,
                std::string_view slot, std::vector<Chunk>* chunks) {
  const int64_t outside = int64_t{attrs.num_chunk_types} * scheme.tags;
  const auto counts = [&](int64_t type) {
    return std::ranges::find(attrs.excluded_chunk_types, type) == attrs.excluded_chunk_types.end();
  };
  chunks->clear();
  Mark before{kOutside, 0};
  int64_t begin = 0;
  for (int64_t i = range.begin; i <= range.begin + range.length; ++i) {
    Mark mark{kOutside, 0};
    if (i < range.begin + range.length) {
      Require(tags[i] >= 0 && tags[i] <= outside, slot, "[", i, "] is ", tags[i], "; expected 0 <= tag <= ", outside,
              ": ", scheme.tags, " tags for each of ", attrs.num_chunk_types, " types, and ", outside,
              " for tokens outside");
      if (tags[i] < outside) mark = {tags[i] / scheme.tags, static_cast<int>(tags[i] % scheme.tags)};
    }
    const bool ends = Ends(scheme, before, mark);
    if (ends && counts(before.type)) chunks->push_back({begin, i, before.type});
    if (ends || before.type == kOutside) begin = i;
    before = mark;
  }
}

int64_t CountCommon(const std::vector<Chunk>& a, const std::vector<Chunk>& b) {
  int64_t count = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    count += a[i] == b[j];
    a[i] <= b[j] ? ++i : ++j;
  }
  return count;
}

void Run(const CpuContext&, const ChunkEvalAttrs& attrs, const Tensor& inference, const Tensor& label,
         const Tensor* lengths, Tensor& precision, Tensor& recall, Tensor& f1, Tensor& num_infer, Tensor& num_label,
         Tensor& num_correct) {
  const Scheme scheme = ToScheme(attrs.chunk_scheme);
  const auto found_tags = ToInt64s(inference), true_tags = ToInt64s(label);
  std::vector<Chunk> found, truth;
  int64_t infers = 0, labels = 0, correct = 0;
  for (const RowRange& range : RangesOf(inference, lengths, "SeqLength")) {
    FindChunks(scheme, attrs, found_tags, range, "Inference", &found);
    FindChunks(scheme, attrs, true_tags, range, "Label", &truth);
    infers += static_cast<int64_t>(found.size());
    labels += static_cast<int64_t>(truth.size());
    correct += CountCommon(found, truth);
  }
  *num_infer.mutable_data<int64_t>() = infers;
  *num_label.mutable_data<int64_t>() = labels;
  *num_correct.mutable_data<int64_t>() = correct;
  const auto ratio = [](double a, double b) { return b > 0 ? static_cast<float>(a / b) : 0.0f; };
  *precision.mutable_data<float>() = ratio(static_cast<double>(correct), static_cast<double>(infers));
  *recall.mutable_data<float>() = ratio(static_cast<double>(correct), static_cast<double>(labels));
  *f1.mutable_data<float>() = ratio(2.0 * static_cast<double>(correct), static_cast<double>(infers + labels));
}

const Registered kOp = RegisterOp<ChunkEvalAttrs>({
    .name = "chunk_eval",
    .doc =
        "Precision, recall and F1 of the chunks that a tagger found. Tag = type * tags a type + part of the chunk; one "
        "tag more stands for tokens outside. A chunk is right when its type and both ends are.",
    .inputs = {{"Inference", "Tags found, int64 or int32: LoDTensor [tokens, 1]; with SeqLength [sequences, size].",
                kNoGradient},
               {"Label", "True tags, grouped as Inference.", kNoGradient},
               {"SeqLength", "Lengths of padded sequences, [sequences] or [sequences, 1].", kOptional | kNoGradient}},
    .outputs = {{"Precision", "The share of the chunks found that are right, float32 [1]; 0 when none was found."},
                {"Recall", "The share of the true chunks that were found, float32 [1]; 0 when there is none."},
                {"F1-Score", "Harmonic mean of both, float32 [1]."},
                {"NumInferChunks", "Number of chunks found, int64 [1]."},
                {"NumLabelChunks", "Number of true chunks, int64 [1]."},
                {"NumCorrectChunks", "Number of chunks found that are right, int64 [1]."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("chunk_eval", Run);

}  // namespace
}  // namespace paddle
