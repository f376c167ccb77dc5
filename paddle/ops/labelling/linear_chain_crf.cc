// linear_chain_crf: the negative log-likelihood of tag sequences under a conditional random field.
#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"
#include "paddle/ops/labelling/chain.h"
#include "paddle/ops/labelling/crf.h"

namespace paddle {
namespace {

// Work is split into at most so many parts, whatever the number of threads: sums have the same bits on any.
constexpr int64_t kParts = 16;
constexpr int64_t kPartElements = int64_t{1} << 22;  // of all parts' sums together

void Infer(const NoAttrs&, InferContext& context) {
  CheckCrfInputs(context);
  const TensorMeta emission = context.In("Emission");
  context.SetOut("Alpha", emission.dims, emission.dtype);
  context.SetOut("EmissionExps", emission.dims, emission.dtype);
  context.SetOut("TransitionExps", context.In("Transition").dims, emission.dtype);
  if (context.Has("Length")) return context.SetOut("LogLikelihood", {emission.dims[0], 1}, emission.dtype);
  context.SetOut("LogLikelihood", {context.building() ? -1 : emission.lod.last_sequences(), 1}, emission.dtype);
  SetOuterLod(context, "Emission", "LogLikelihood");
}

void InferGrad(const NoAttrs&, InferContext& context) {
  CheckCrfInputs(context);
  const TensorMeta &emission = context.In("Emission"), &d = context.In("LogLikelihood@GRAD");
  context.CheckSameDType("Emission", "LogLikelihood@GRAD");
  int64_t sequences = -1;
  if (context.Has("Length"))
    sequences = emission.dims[0];
  else if (!context.building())
    sequences = emission.lod.last_sequences();
  Require(DimsAgree(d.dims, {sequences, 1}), "LogLikelihood@GRAD has shape ", d.dims, "; expected [", sequences,
          ", 1]");
  context.CopyMeta("Emission", "Emission@GRAD");
  context.CopyMeta("Transition", "Transition@GRAD");
}

// The tags of all tokens that count.
std::vector<int64_t> ReadTags(const Tensor& label, const std::vector<RowRange>& ranges, int64_t tags) {
  std::vector<int64_t> values = ToInt64s(label);
  for (const auto& [begin, length] : ranges)
    for (int64_t i = begin; i < begin + length; ++i)
      Require(values[i] >= 0 && values[i] < tags, "Label[", i, "] is ", values[i], "; expected 0 <= tag < ", tags);
  return values;
}

template <class T>
void WriteAlpha(const ChainSteps<T>& steps, int64_t length, int64_t tags, T* alpha) {
  for (int64_t k = 0; k < length; ++k) {
    const T* values = &steps.values[k * tags];
    double sum = 0;
    for (int64_t j = 0; j < tags; ++j) sum += values[j];
    for (int64_t j = 0; j < tags; ++j) alpha[k * tags + j] = static_cast<T>(values[j] / sum);
  }
}

template <class T>
void WriteExps(const Tensor& emission, const Tensor& transition, int64_t tags, Tensor* emission_exps,
               Tensor* transition_exps) {
  if (transition_exps)
    math::Map([](T w) { return math::Exp(w); }, transition.data<T>(), transition_exps->mutable_data<T>(),
              transition.numel(), math::kCostlyGrain);
  if (!emission_exps) return;
  const T* x = emission.data<T>();
  T* y = emission_exps->mutable_data<T>();
  ParallelFor(
      emission.numel() / tags, std::max<int64_t>(1, math::kCostlyGrain / tags), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const T most = *std::max_element(x + row * tags, x + (row + 1) * tags);
          math::MapSerial([=](T score) { return math::Exp(score - most); }, x + row * tags, y + row * tags, tags);
        }
      });
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& emission, const Tensor& transition, const Tensor& label,
         const Tensor* length, Tensor* alpha, Tensor* emission_exps, Tensor* transition_exps, Tensor& log_likelihood) {
  const int64_t tags = transition.dim(1);
  const auto ranges = RangesOf(emission, length, "Length");
  const auto path = ReadTags(label, ranges, tags);
  VisitFloat(emission.dtype(), [&]<class T>() {
    WriteExps<T>(emission, transition, tags, emission_exps, transition_exps);
    const T* x = emission.data<T>();
    T *ll = log_likelihood.mutable_data<T>(), *a = alpha ? alpha->mutable_data<T>() : nullptr;
    if (a) std::fill(a, a + alpha->numel(), T(0));
    const Chain<T> chain(transition.data<T>(), tags);
    const int64_t grain = SequencesPerTask(ranges, tags * tags);
    ParallelFor(static_cast<int64_t>(ranges.size()), grain, [&](int64_t from, int64_t to) {
      ChainSteps<T> steps;
      for (int64_t s = from; s < to; ++s) {
        const auto [begin, count] = ranges[s];
        ll[s] = 0;
        if (count == 0) continue;
        const double all = chain.Forward(x + begin * tags, count, &steps);
        ll[s] = static_cast<T>(all - chain.PathScore(x + begin * tags, &path[begin], count));
        if (a) WriteAlpha(steps, count, tags, a + begin * tags);
      }
    });
  });
}

template <class T>
void Gradients(const Tensor& emission, const Tensor& transition, const std::vector<RowRange>& ranges,
               const std::vector<int64_t>& path, const T* d, Tensor* d_emission, Tensor* d_transition) {
  const int64_t tags = transition.dim(1), sequences = static_cast<int64_t>(ranges.size());
  const int64_t parts = std::min(sequences, std::clamp<int64_t>(kPartElements / (tags * tags), 1, kParts));
  const T* x = emission.data<T>();
  T *dx = d_emission ? d_emission->mutable_data<T>() : nullptr,
    *dw = d_transition ? d_transition->mutable_data<T>() : nullptr;
  if (dx) std::fill(dx, dx + emission.numel(), T(0));
  if (dw) std::fill(dw, dw + transition.numel(), T(0));
  ChainGradient<T> chain(transition.data<T>(), tags);
  std::vector<typename ChainGradient<T>::Sums> sums;
  if (dw) sums.assign(parts, typename ChainGradient<T>::Sums(tags));
  const int64_t grain = SequencesPerTask(ranges, 3 * tags * tags) * parts / std::max<int64_t>(sequences, 1);
  ParallelFor(parts, std::max<int64_t>(grain, 1), [&](int64_t from, int64_t to) {
    ChainGradient<T> own = chain;
    ChainSteps<T> steps;
    for (int64_t part = from; part < to; ++part)
      for (int64_t s = sequences * part / parts; s < sequences * (part + 1) / parts; ++s) {
        const auto [begin, count] = ranges[s];
        if (count == 0) continue;
        own.Forward(x + begin * tags, count, &steps);
        own.Backward(x + begin * tags, &path[begin], count, d[s], steps, dx ? dx + begin * tags : nullptr,
                     dw ? &sums[part] : nullptr);
      }
  });
  for (const auto& each : sums) chain.Finish(each, dw);
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor*, const Tensor& emission, const Tensor*,
             const Tensor& label, const Tensor* length, const Tensor& d_log_likelihood, const Tensor& transition,
             const Tensor*, Tensor* d_emission, Tensor* d_transition) {
  const auto ranges = RangesOf(emission, length, "Length");
  const auto path = ReadTags(label, ranges, transition.dim(1));
  VisitFloat(emission.dtype(), [&]<class T>() {
    Gradients<T>(emission, transition, ranges, path, d_log_likelihood.data<T>(), d_emission, d_transition);
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "linear_chain_crf",
    .doc =
        "The cost of a conditional random field (Lafferty et al., 2001): for each sequence the negative logarithm of "
        "the probability of its tags. The score of a path of tags is the sum of its emissions and transitions; its "
        "probability is exp(score) divided by the sum over all paths. Computed in the log domain.",
    .inputs = {{"Emission", kEmissionDoc},
               {"Transition", kTransitionDoc},
               {"Label",
                "The tags, int64 or int32: grouped as Emission, [tokens, 1] or [tokens]; with Length "
                "[sequences, size] or [sequences, size, 1].",
                kNoGradient},
               {"Length", kCrfLengthDoc, kOptional | kNoGradient}},
    .outputs = {{"Alpha",
                 "Of Emission's shape: the sum of exp(score) over all paths up to a token and tag, each token's "
                 "divided by their sum. 0 behind the end of padded sequences.",
                 kIntermediate},
                {"EmissionExps", "exp(Emission - the greatest of the token).", kIntermediate},
                {"TransitionExps", "exp(Transition).", kIntermediate},
                {"LogLikelihood",
                 "[sequences, 1]: the cost, that is the log-likelihood with its sign changed; 0 for "
                 "empty sequences."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("linear_chain_crf", Run);

const Registered kGradOp = RegisterOp<NoAttrs>({
    .name = "linear_chain_crf_grad",
    .doc =
        "Gradient of linear_chain_crf: the probabilities of tags and of pairs of tags, less 1 for those of Label. It "
        "walks the chain again and needs none of the forward op's intermediate outputs.",
    .inputs = {{"Alpha", "Of the forward op; not read.", kUnread},
               {"Emission", "Of the forward op."},
               {"EmissionExps", "Of the forward op; not read.", kUnread},
               {"Label", "Of the forward op.", kNoGradient},
               {"Length", "Of the forward op.", kOptional | kNoGradient},
               {"LogLikelihood@GRAD", "Gradient of LogLikelihood."},
               {"Transition", "Of the forward op."},
               {"TransitionExps", "Of the forward op; not read.", kUnread}},
    .outputs = {{"Emission@GRAD", "Gradient of Emission; 0 behind the end of padded sequences.", kOptional},
                {"Transition@GRAD", "Gradient of Transition.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("linear_chain_crf_grad", RunGrad);

}  // namespace
}  // namespace paddle
