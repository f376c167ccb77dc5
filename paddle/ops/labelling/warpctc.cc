// warpctc: connectionist temporal classification (Graves et al., 2006).
#include <cmath>
#include <numeric>

#include "paddle/device/parallel.h"
#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/op/registry.h"
#include "paddle/ops/labelling/ranges.h"

namespace paddle {
namespace {

constexpr double kLogZero = -std::numeric_limits<double>::infinity();

struct WarpCtcAttrs {
  int32_t blank = 0;
  bool norm_by_times = false;

  static auto Fields() {
    using A = WarpCtcAttrs;
    return std::tuple{
        Field{"blank", &A::blank, "The class that stands for nothing."},
        Field{"norm_by_times", &A::norm_by_times,
              "Divide the gradient of each sequence by its number of time steps; the loss stays as it is."}};
  }
};

// Logits and LogitsLength; returns the number of sequences, -1 when that is not known.
int64_t CheckLogits(const WarpCtcAttrs& attrs, const InferContext& context) {
  context.CheckDType("Logits", kFloats);
  const bool padded = context.Has("LogitsLength");
  context.CheckRank("Logits", padded ? 3 : 2, padded ? 3 : 2);
  const Dims& dims = context.In("Logits").dims;
  const int64_t classes = dims[dims.rank() - 1];
  Require(attrs.blank >= 0 && (classes < 0 || attrs.blank < classes), "blank is ", attrs.blank,
          " and Logits has shape ", dims, "; expected 0 <= blank < ", classes);
  if (!padded) return context.building() ? -1 : RequireLod(context, "Logits").last_sequences();
  CheckLengths(context, "LogitsLength", dims[1]);
  return dims[1];
}

int64_t CheckLabels(const InferContext& context) {
  context.CheckDType("Label", kIndices);
  const Dims& dims = context.In("Label").dims;
  if (context.Has("LabelLength")) {
    context.CheckRank("Label", 2, 2);
    CheckLengths(context, "LabelLength", dims[0]);
    return dims[0];
  }
  Require(dims.rank() == 1 || (dims.rank() == 2 && SizesAgree(dims[1], 1)), "Label has shape ", dims,
          "; expected [labels, 1] or [labels]");
  return context.building() ? -1 : RequireLod(context, "Label").last_sequences();
}

int64_t LongestSequence(const Lod& lod) {
  const auto offsets = lod.last();
  int64_t most = 0;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) most = std::max(most, offsets[s + 1] - offsets[s]);
  return most;
}

// [most time steps, sequences, classes].
Dims PaddedDims(const InferContext& context, int64_t sequences) {
  const TensorMeta& logits = context.In("Logits");
  if (context.Has("LogitsLength")) return logits.dims;
  return {context.building() ? -1 : LongestSequence(logits.lod), sequences, logits.dims[1]};
}

void Infer(const WarpCtcAttrs& attrs, InferContext& context) {
  Require(context.Has("LogitsLength") == context.Has("LabelLength"),
          "one of LogitsLength and LabelLength is missing; "
          "expected both for padded sequences, or none for LoDTensors");
  const int64_t logits = CheckLogits(attrs, context), labels = CheckLabels(context);
  Require(SizesAgree(logits, labels), "Logits has ", logits, " sequences and Label ", labels,
          "; expected the same number");
  const DType dtype = context.In("Logits").dtype;
  const int64_t sequences = logits < 0 ? labels : logits;
  context.SetOut("WarpCTCGrad", PaddedDims(context, sequences), dtype);
  context.SetOut("Loss", {sequences, 1}, dtype);
}

void InferGrad(const WarpCtcAttrs& attrs, InferContext& context) {
  const int64_t sequences = CheckLogits(attrs, context);
  context.CheckSameDType("Logits", "Loss@GRAD");
  context.CheckSameDType("Logits", "WarpCTCGrad");
  const Dims &d = context.In("Loss@GRAD").dims, &grad = context.In("WarpCTCGrad").dims;
  Require(DimsAgree(d, {sequences, 1}), "Loss@GRAD has shape ", d, "; expected [", sequences, ", 1]");
  const Dims expected = PaddedDims(context, sequences);
  Require(DimsAgree(grad, expected), "WarpCTCGrad has shape ", grad, "; expected ", expected);
  context.CopyMeta("Logits", "Logits@GRAD");
}

// Where time step t of sequence s lies: row begin + t * stride.
struct TimeSteps {
  int64_t begin, length, stride;
};

std::vector<TimeSteps> TimeStepsOf(const Tensor& logits, const Tensor* lengths) {
  std::vector<TimeSteps> steps;
  if (lengths) {
    for (const int64_t length : ReadLengths(*lengths, "LogitsLength", logits.dim(0)))
      steps.push_back({static_cast<int64_t>(steps.size()), length, logits.dim(1)});
  } else {
    for (const auto& [begin, length] : RangesOf(logits, nullptr, "LogitsLength")) steps.push_back({begin, length, 1});
  }
  return steps;
}

// log(exp(a) + exp(b)).
double LogAdd(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kLogZero ? a : a + std::log1p(std::exp(b - a));
}

// log(exp(a) + exp(b) + exp(c)).
double LogAdd(double a, double b, double c) {
  if (c == kLogZero) return LogAdd(a, b);
  const double most = std::max({a, b, c});
  return most + std::log(std::exp(a - most) + std::exp(b - most) + std::exp(c - most));
}

// One sequence. Its states are the labels with blanks between, before and behind them: 2 * labels + 1; a path stays in
// a state, goes to the next, or skips a blank between two different labels.
template <class T>
class Ctc {
 public:
  // The loss: -log of the probability of the labels; 0 where no path is long enough for them.
  double Loss(const T* logits, const TimeSteps& steps, int64_t classes, std::span<const int64_t> labels,
              int64_t blank) {
    x_ = logits, steps_ = steps, classes_ = classes;
    states_.assign(2 * labels.size() + 1, blank);
    for (size_t i = 0; i < labels.size(); ++i) states_[2 * i + 1] = labels[i];
    int64_t least = static_cast<int64_t>(labels.size());
    for (size_t i = 1; i < labels.size(); ++i) least += labels[i] == labels[i - 1];
    possible_ = least <= steps.length;
    if (!possible_ || steps.length == 0) return 0;
    Normalize();
    Forward();
    const int64_t n = count();
    const double* last = &alpha_[(steps.length - 1) * n];
    log_probability_ = n > 1 ? LogAdd(last[n - 1], last[n - 2]) : last[0];
    return -log_probability_;
  }

  // Behind Loss: the loss's gradient by the logits, d[t * stride + class].
  void Gradient(T* d, int64_t stride) {
    if (!possible_ || steps_.length == 0) return;
    const int64_t n = count();
    std::vector<double> rest(n, kLogZero), next(n), share(classes_);
    rest[n - 1] = 0;
    if (n > 1) rest[n - 2] = 0;
    for (int64_t t = steps_.length - 1; t >= 0; --t) {
      std::fill(share.begin(), share.end(), 0.0);
      for (int64_t s = First(t); s < Last(t); ++s)
        share[states_[s]] += std::exp(alpha_[t * n + s] + rest[s] - log_probability_);
      for (int64_t k = 0; k < classes_; ++k) d[t * stride + k] = static_cast<T>(std::exp(LogSoftmax(t, k)) - share[k]);
      if (t == 0) break;
      for (int64_t s = 0; s < n; ++s) rest[s] += LogSoftmax(t, states_[s]);
      next[n - 1] = rest[n - 1];
      for (int64_t s = 0; s + 1 < n; ++s)
        next[s] = LogAdd(rest[s], rest[s + 1], s + 2 < n && Skips(s + 2) ? rest[s + 2] : kLogZero);
      std::swap(rest, next);
    }
  }

 private:
  int64_t count() const { return static_cast<int64_t>(states_.size()); }
  const T* row(int64_t t) const { return x_ + (steps_.begin + t * steps_.stride) * classes_; }
  double LogSoftmax(int64_t t, int64_t k) const { return static_cast<double>(row(t)[k]) - log_sums_[t]; }
  // Whether a path may come to state s from s - 2.
  bool Skips(int64_t s) const { return s % 2 == 1 && states_[s] != states_[s - 2]; }
  // The states that can be reached by step t and from which the end can be reached: [First, Last).
  int64_t First(int64_t t) const { return std::max<int64_t>(0, count() - 2 * (steps_.length - t)); }
  int64_t Last(int64_t t) const { return std::min(count(), 2 * t + 2); }

  void Normalize() {
    log_sums_.resize(steps_.length);
    softmax_.resize(steps_.length * classes_);
    for (int64_t t = 0; t < steps_.length; ++t) {
      const T *x = row(t), most = *std::max_element(x, x + classes_);
      T* y = &softmax_[t * classes_];
      math::MapSerial([=](T logit) { return math::Exp(logit - most); }, x, y, classes_);
      double sum = 0;
      for (int64_t k = 0; k < classes_; ++k) sum += y[k];
      const T factor = static_cast<T>(1 / sum);
      for (int64_t k = 0; k < classes_; ++k) y[k] *= factor;
      log_sums_[t] = most + std::log(sum);
    }
  }

  // alpha_[t, s]: log of the probability of all beginnings of paths that are in state s at step t.
  void Forward() {
    const int64_t n = count();
    alpha_.assign(steps_.length * n, kLogZero);
    for (int64_t s = 0; s < Last(0); ++s) alpha_[s] = LogSoftmax(0, states_[s]);
    for (int64_t t = 1; t < steps_.length; ++t) {
      const double* before = &alpha_[(t - 1) * n];
      for (int64_t s = First(t); s < Last(t); ++s) {
        double sum = before[s];
        if (s > 0) sum = LogAdd(sum, before[s - 1], s > 1 && Skips(s) ? before[s - 2] : kLogZero);
        alpha_[t * n + s] = sum + LogSoftmax(t, states_[s]);
      }
    }
  }

  const T* x_ = nullptr;
  TimeSteps steps_{};
  int64_t classes_ = 0;
  std::vector<int64_t> states_;  // the class of each
  std::vector<T> softmax_;
  std::vector<double> log_sums_, alpha_;
  double log_probability_ = 0;
  bool possible_ = false;
};

void CheckLabelValues(const std::vector<int64_t>& labels, const std::vector<RowRange>& ranges, int64_t classes,
                      int64_t blank) {
  for (const auto& [begin, length] : ranges)
    for (int64_t i = begin; i < begin + length; ++i)
      Require(labels[i] >= 0 && labels[i] < classes && labels[i] != blank, "Label[", i, "] is ", labels[i],
              "; expected 0 <= label < ", classes, ", and not the blank ", blank);
}

void Run(const CpuContext&, const WarpCtcAttrs& attrs, const Tensor& logits, const Tensor& label,
         const Tensor* logits_length, const Tensor* label_length, Tensor* grad, Tensor& loss) {
  const int64_t classes = logits.dim(logits.rank() - 1);
  const auto steps = TimeStepsOf(logits, logits_length);
  const auto ranges = RangesOf(label, label_length, "LabelLength");
  const auto labels = ToInt64s(label);
  const auto sequences = static_cast<int64_t>(ranges.size());
  CheckLabelValues(labels, ranges, classes, attrs.blank);
  VisitFloat(logits.dtype(), [&]<class T>() {
    T *to = loss.mutable_data<T>(), *d = grad ? grad->mutable_data<T>() : nullptr;
    if (d) std::fill(d, d + grad->numel(), T(0));
    ParallelFor(sequences, 1, [&](int64_t from, int64_t end) {
      Ctc<T> ctc;
      for (int64_t s = from; s < end; ++s) {
        const std::span<const int64_t> own(labels.data() + ranges[s].begin, static_cast<size_t>(ranges[s].length));
        to[s] = static_cast<T>(ctc.Loss(logits.data<T>(), steps[s], classes, own, attrs.blank));
        if (d) ctc.Gradient(d + s * classes, sequences * classes);
      }
    });
  });
}

void RunGrad(const CpuContext&, const WarpCtcAttrs& attrs, const Tensor& logits, const Tensor* logits_length,
             const Tensor& d_loss, const Tensor& grad, Tensor& d_logits) {
  const int64_t classes = logits.dim(logits.rank() - 1);
  const auto steps = TimeStepsOf(logits, logits_length);
  const auto sequences = static_cast<int64_t>(steps.size());
  VisitFloat(grad.dtype(), [&]<class T>() {
    const T *d = d_loss.data<T>(), *from = grad.data<T>();
    T* to = d_logits.mutable_data<T>();
    std::fill(to, to + d_logits.numel(), T(0));
    ParallelFor(sequences, 1, [&](int64_t first, int64_t end) {
      for (int64_t s = first; s < end; ++s) {
        const T factor = attrs.norm_by_times ? d[s] / static_cast<T>(std::max<int64_t>(steps[s].length, 1)) : d[s];
        for (int64_t t = 0; t < steps[s].length; ++t) {
          const T* row = from + (t * sequences + s) * classes;
          T* out = to + (steps[s].begin + t * steps[s].stride) * classes;
          for (int64_t k = 0; k < classes; ++k) out[k] = factor * row[k];
        }
      }
    });
  });
}

const Registered kOp = RegisterOp<WarpCtcAttrs>({
    .name = "warpctc",
    .doc =
        "The loss of connectionist temporal classification (Graves et al., 2006): for each sequence -log of the sum "
        "of the probabilities, softmax(Logits), of all paths that become the labels when equal neighbours are merged "
        "and blanks left out. 0, with gradient 0, where there are fewer time steps than such a path needs. Computed in "
        "the log domain.",
    .inputs = {{"Logits", "LoDTensor [time steps, classes]; with lengths [most time steps, sequences, classes]."},
               {"Label",
                "Classes other than the blank, int32 or int64: LoDTensor [labels, 1]; with lengths [sequences, "
                "most labels].",
                kNoGradient},
               {"LogitsLength", "Numbers of time steps of padded sequences, [sequences] or [sequences, 1].",
                kOptional | kNoGradient},
               {"LabelLength", "Numbers of labels of padded sequences, [sequences] or [sequences, 1].",
                kOptional | kNoGradient}},
    .outputs = {{"WarpCTCGrad", "[most time steps, sequences, classes]: the gradient of each loss by the logits.",
                 kIntermediate},
                {"Loss", "[sequences, 1]."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("warpctc", Run);

const Registered kGradOp = RegisterOp<WarpCtcAttrs>({
    .name = "warpctc_grad",
    .doc = "Gradient of warpctc: WarpCTCGrad times Loss@GRAD, in the order of Logits.",
    .inputs = {{"Logits", "Of the forward op.", kMetaOnly},
               {"LogitsLength", "Of the forward op.", kOptional | kNoGradient},
               {"Loss@GRAD", "Gradient of Loss."},
               {"WarpCTCGrad", "Of the forward op."}},
    .outputs = {{"Logits@GRAD", "Gradient of Logits; 0 behind the end of padded sequences."}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("warpctc_grad", RunGrad);

}  // namespace
}  // namespace paddle
