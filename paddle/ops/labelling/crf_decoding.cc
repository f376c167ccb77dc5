// crf_decoding: the best path of tags (Viterbi, 1967).
#include "paddle/device/parallel.h"
#include "paddle/math/map.h"
#include "paddle/op/registry.h"
#include "paddle/ops/labelling/crf.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  CheckCrfInputs(context);
  const Dims dims = context.In("Emission").dims;
  if (context.Has("Length")) return context.SetOut("ViterbiPath", {dims[0], dims[1]}, DType::kInt64);
  context.SetOut("ViterbiPath", {dims[0], 1}, DType::kInt64);
  context.ShareLod("Emission", "ViterbiPath");
}

// The search for the best path; its memory is kept from sequence to sequence.
template <class T>
class Viterbi {
 public:
  Viterbi(const T* transition, int64_t tags) : n_(tags), transition_(transition), now_(tags), next_(tags) {}

  // x: [length, tags]; length > 0. Of paths that score the same, the one with the lower tags at its end.
  void Decode(const T* x, int64_t length, int64_t* path) {
    const int64_t n = n_;
    came_from_.resize(length * n);
    for (int64_t j = 0; j < n; ++j) now_[j] = transition_[j] + x[j];
    for (int64_t k = 1; k < length; ++k) Step(x + k * n, &came_from_[k * n]);
    for (int64_t j = 0; j < n; ++j) now_[j] += transition_[n + j];
    int64_t tag = std::max_element(now_.begin(), now_.end()) - now_.begin();
    for (int64_t k = length - 1; k >= 0; --k) {
      path[k] = tag;
      if (k > 0) tag = came_from_[k * n + tag];
    }
  }

 private:
  // Scores of the best paths one token on, and the tags that they come from.
  void Step(const T* x, int32_t* came_from) {
    // Scores stay small, so that long sequences lose no precision.
    const T most = *std::max_element(now_.begin(), now_.end());
    const int64_t n = n_;
    const T *w = transition_ + 2 * n, *now = now_.data();
    T* next = next_.data();
    math::RunLoop<T>([=] {
      for (int64_t j = 0; j < n; ++j) next[j] = now[0] - most + w[j];
      for (int64_t j = 0; j < n; ++j) came_from[j] = 0;
      for (int64_t i = 1; i < n; ++i) {
        const T score = now[i] - most;
#pragma GCC ivdep
        for (int64_t j = 0; j < n; ++j) {
          const T other = score + w[i * n + j];
          const bool better = other > next[j];
          next[j] = better ? other : next[j];
          came_from[j] = better ? static_cast<int32_t>(i) : came_from[j];
        }
      }
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) next[j] += x[j];
    });
    std::swap(now_, next_);
  }

  int64_t n_;
  const T* transition_;
  std::vector<T> now_, next_;
  std::vector<int32_t> came_from_;
};

void Run(const CpuContext&, const NoAttrs&, const Tensor& emission, const Tensor& transition, const Tensor* label,
         const Tensor* length, Tensor& path) {
  const int64_t tags = transition.dim(1);
  const auto ranges = RangesOf(emission, length, "Length");
  int64_t* out = path.mutable_data<int64_t>();
  std::fill(out, out + path.numel(), 0);
  VisitFloat(emission.dtype(), [&]<class T>() {
    const T* x = emission.data<T>();
    ParallelFor(static_cast<int64_t>(ranges.size()), SequencesPerTask(ranges, tags * tags),
                [&](int64_t from, int64_t to) {
                  Viterbi<T> viterbi(transition.data<T>(), tags);
                  for (int64_t s = from; s < to; ++s)
                    if (const auto [begin, count] = ranges[s]; count > 0)
                      viterbi.Decode(x + begin * tags, count, out + begin);
                });
  });
  if (!label) return;
  const auto truth = ToInt64s(*label);
  for (const auto& [begin, count] : ranges)
    for (int64_t i = begin; i < begin + count; ++i) {
      Require(truth[i] >= 0 && truth[i] < tags, "Label[", i, "] is ", truth[i], "; expected 0 <= tag < ", tags);
      out[i] = out[i] == truth[i];
    }
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "crf_decoding",
    .doc = "The path of tags that scores best in a conditional random field, for each sequence (Viterbi, 1967); with "
           "Label whether each tag of it is right.",
    .inputs = {{"Emission", kEmissionDoc, kNoGradient},
               {"Transition", kTransitionDoc, kNoGradient},
               {"Label",
                "The true tags, int64 or int32: grouped as Emission, [tokens, 1] or [tokens]; with Length "
                "[sequences, size] or [sequences, size, 1].",
                kOptional | kNoGradient},
               {"Length", kCrfLengthDoc, kOptional | kNoGradient}},
    .outputs = {{"ViterbiPath",
                 "int64 [tokens, 1], grouped as Emission; with Length [sequences, size], 0 behind the end "
                 "of a sequence. The tags; with Label 1 where a tag is right and 0 where it is not."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("crf_decoding", Run);

}  // namespace
}  // namespace paddle
