// ctc_align: the tokens that a path of connectionist temporal classification stands for.
#include "paddle/op/registry.h"
#include "paddle/ops/labelling/ranges.h"

namespace paddle {
namespace {

struct CtcAlignAttrs {
  int32_t blank = 0;
  bool merge_repeated = true;
  int32_t padding_value = 0;

  static auto Fields() {
    using A = CtcAlignAttrs;
    return std::tuple{Field{"blank", &A::blank, "The token that stands for nothing."},
                      Field{"merge_repeated", &A::merge_repeated, "Keep one of equal tokens that follow each other."},
                      Field{"padding_value", &A::padding_value, "What Output is filled up with when it is padded."}};
  }
};

void Infer(const CtcAlignAttrs&, InferContext& context) {
  context.CheckDType("Input", kIndices);
  const TensorMeta input = context.In("Input");
  const bool padded = context.Has("InputLength");
  if (padded) {
    context.CheckRank("Input", 2, 2);
    CheckLengths(context, "InputLength", input.dims[0]);
    context.SetOut("Output", input.dims, input.dtype);
    context.SetOut("OutputLength", {input.dims[0], 1}, context.In("InputLength").dtype);
    return;
  }
  const Dims& dims = input.dims;
  Require(dims.rank() == 1 || (dims.rank() == 2 && SizesAgree(dims[1], 1)), "Input has shape ", dims,
          "; expected [tokens, 1] or [tokens]");
  const int64_t sequences = context.building() ? -1 : RequireLod(context, "Input").last_sequences();
  context.SetOut("Output", {-1, 1}, input.dtype);
  if (context.building()) context.SetLodLevel("Output", input.lod_level);
  context.SetOut("OutputLength", {sequences, 1}, DType::kInt64);
}

// Writes the tokens that stay and returns their number.
template <class T>
int64_t Align(const CtcAlignAttrs& attrs, const T* from, int64_t length, T* to) {
  int64_t kept = 0;
  T before = 0;
  for (int64_t i = 0; i < length; ++i) {
    const T token = from[i];
    const bool repeated = attrs.merge_repeated && i > 0 && token == before;
    before = token;
    if (token != attrs.blank && !repeated) to[kept++] = token;
  }
  return kept;
}

template <class T>
void AlignPadded(const CpuContext& cpu, const CtcAlignAttrs& attrs, const Tensor& input,
                 const std::vector<RowRange>& ranges, std::vector<int64_t>* kept, Tensor* output) {
  output->Allocate(input.dims(), input.dtype(), cpu.allocator());
  const T* from = input.data<T>();
  T* to = output->mutable_data<T>();
  for (const auto& [begin, length] : ranges) {
    kept->push_back(Align(attrs, from + begin, length, to + begin));
    std::fill(to + begin + kept->back(), to + begin + input.dim(1), static_cast<T>(attrs.padding_value));
  }
}

// Output gets its size and the innermost level of its LoD here.
template <class T>
void AlignLod(const CpuContext& cpu, const CtcAlignAttrs& attrs, const Tensor& input,
              const std::vector<RowRange>& ranges, std::vector<int64_t>* kept, Tensor* output) {
  std::vector<T> tokens(input.numel());
  std::vector<int64_t> offsets{0};
  for (const auto& [begin, length] : ranges) {
    kept->push_back(Align(attrs, input.data<T>() + begin, length, tokens.data() + offsets.back()));
    offsets.push_back(offsets.back() + kept->back());
  }
  auto levels = input.lod().ToOffsets();
  levels.back() = offsets;
  output->Allocate({offsets.back(), 1}, input.dtype(), cpu.allocator());
  output->set_lod(Lod::FromOffsets(std::move(levels)));
  std::copy(tokens.begin(), tokens.begin() + offsets.back(), output->mutable_data<T>());
}

void Run(const CpuContext& cpu, const CtcAlignAttrs& attrs, const Tensor& input, const Tensor* input_length,
         Tensor& output, Tensor* output_length) {
  const auto ranges = RangesOf(input, input_length, "InputLength");
  std::vector<int64_t> kept;
  VisitIndex(input.dtype(), [&]<class T>() {
    if (input_length)
      AlignPadded<T>(cpu, attrs, input, ranges, &kept, &output);
    else
      AlignLod<T>(cpu, attrs, input, ranges, &kept, &output);
  });
  if (!output_length) return;
  VisitIndex(output_length->dtype(),
             [&]<class T>() { std::copy(kept.begin(), kept.end(), output_length->mutable_data<T>()); });
}

const Registered kOp = RegisterOp<CtcAlignAttrs>({
    .name = "ctc_align",
    .doc = "The tokens that each path of connectionist temporal classification (Graves et al., 2006) stands for: equal "
           "neighbours are merged, then blanks left out.",
    .inputs = {{"Input", "Paths, int64 or int32: LoDTensor [tokens, 1]; with InputLength [sequences, size].",
                kNoGradient},
               {"InputLength", "Lengths of padded paths, [sequences] or [sequences, 1].", kOptional | kNoGradient}},
    .outputs = {{"Output",
                 "What is left: LoDTensor [tokens left, 1]; with InputLength [sequences, size], filled up with "
                 "padding_value.",
                 kDynamic},
                {"OutputLength", "How many tokens of each sequence are left, [sequences, 1].", kOptional}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("ctc_align", Run);

}  // namespace
}  // namespace paddle
