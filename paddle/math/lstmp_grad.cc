#include <algorithm>
#include <vector>

#include "paddle/math/for_each.h"
#include "paddle/math/gate_map.h"
#include "paddle/math/gemm.h"
#include "paddle/math/lstmp.h"
#include "paddle/math/sequence_batch.h"
#include "paddle/math/sum.h"

namespace paddle {
namespace {

// A value at its limit does not move with what was clipped.
template <class T>
void ClipGrad(float limit, const T* clipped, T* gradient, int64_t n) {
  if (!(limit > 0)) return;
  const T most = limit;
  math::MapSerial([most](T value, T d) { return math::Select(math::Abs(value) < most, d, T(0)); }, clipped, gradient,
                  gradient, n);
}

template <class T>
class Backward {
 public:
  Backward(const LstmpConfig& config, const Lod& lod, const LstmpBackward<T>& args)
      : config_(config),
        args_(args),
        all_(lod, config.reverse),
        sequences_(lod.last_sequences()),
        d_(config.units),
        p_(config.projected),
        sums_(args.scratch),
        projections_(sums_ + lod.rows() * 4 * d_),
        before_(projections_ + lod.rows() * p_),
        hidden_(before_ + lod.rows() * p_),
        carry_(hidden_ + sequences_ * d_) {
    int64_t running = all_.size();
    for (int64_t t = 0; t < all_.longest(); ++t) {
      running = all_.Running(t, running);
      begin_.push_back(begin_.back() + running);
    }
  }

  void Run() {
    for (int64_t t = all_.longest() - 1; t >= 0; --t) Step(t);
    if (args_.input_grad)
      ForEachRow([&](int64_t t, int64_t j, int64_t at) {
        std::copy(sums_ + at * 4 * d_, sums_ + (at + 1) * 4 * d_, args_.input_grad + all_.row(j, t) * 4 * d_);
      });
    if (args_.projection_weight_grad)
      Gemm<T>({.m = d_, .n = p_, .k = rows(), .trans_a = true}, T{1}, args_.hidden, projections_, T{0},
              args_.projection_weight_grad);
    if (args_.weight_grad) WeightGrad();
    if (args_.bias_grad) BiasGrad();
    if (args_.initial_cell_grad) PutBySequence(carry_, args_.initial_cell_grad, d_);
    if (args_.initial_projection_grad) {
      Gemm<T>({.m = all_.size(), .n = p_, .k = 4 * d_, .trans_b = true}, T{1}, sums_, args_.weight, T{0}, before_);
      PutBySequence(before_, args_.initial_projection_grad, p_);
    }
  }

 private:
  int64_t rows() const { return begin_.back(); }
  int64_t Running(int64_t t) const {
    return t + 1 < static_cast<int64_t>(begin_.size()) ? begin_[t + 1] - begin_[t] : 0;
  }

  template <class F>
  void ForRows(int64_t rows, const F& f) const {
    ForEachIndex(rows, std::max<int64_t>(1, math::kCostlyGrain / (4 * d_ + p_ + 1)), f);
  }

  // f(step, sequence, place by step) of every row, in that order.
  template <class F>
  void ForEachRow(const F& f) const {
    for (int64_t t = 0; t < all_.longest(); ++t)
      for (int64_t j = 0; j < Running(t); ++j) f(t, j, begin_[t] + j);
  }

  // The state before a step, null where it is zero.
  const T* Before(const T* states, const T* initial, int64_t j, int64_t t, int64_t width) const {
    if (t > 0) return states + all_.row(j, t - 1) * width;
    return initial ? initial + all_.id(j) * width : nullptr;
  }

  void Step(int64_t t) {
    const int64_t running = Running(t), continued = Running(t + 1);
    T *projections = projections_ + begin_[t] * p_, *sums = sums_ + begin_[t] * 4 * d_;
    for (int64_t j = 0; j < running; ++j) {
      const T* from = args_.projection_grad + all_.row(j, t) * p_;
      std::copy(from, from + p_, projections + j * p_);
    }
    Gemm<T>({.m = continued, .n = p_, .k = 4 * d_, .trans_b = true}, T{1}, sums + running * 4 * d_, args_.weight, T{1},
            projections);
    for (int64_t j = 0; j < running; ++j) {
      const T* value = args_.projection + all_.row(j, t) * p_;
      ClipGrad(config_.projection_clip, value, projections + j * p_, p_);
      ApplyGateGrad(config_.projection, value, projections + j * p_, p_);
    }
    Gemm<T>({.m = running, .n = d_, .k = p_, .trans_b = true}, T{1}, projections, args_.projection_weight, T{0},
            hidden_);
    std::fill(carry_ + continued * d_, carry_ + running * d_, T{0});
    ForRows(running, [&](int64_t j) { Units(t, j, sums + j * 4 * d_); });
  }

  // From the gradient of a row's hidden state to those of its gates' sums, and of the cell before in `carry_`.
  void Units(int64_t t, int64_t j, T* sums) const {
    const int64_t d = d_, row = all_.row(j, t);
    const T* gates = args_.gates + (begin_[t] + j) * 4 * d;
    const T *cell = args_.cell + row * d, *hidden = hidden_ + j * d;
    T *candidate = sums, *in = sums + d, *forget = sums + 2 * d, *out = sums + 3 * d, *carry = carry_ + j * d;
    T *shown = candidate, *through = in;  // for a while
    std::copy(cell, cell + d, shown);
    ApplyGate(config_.cell, shown, d);
    for (int64_t i = 0; i < d; ++i) {
      out[i] = hidden[i] * shown[i];
      through[i] = hidden[i] * gates[3 * d + i];
    }
    ApplyGateGrad(config_.gate, gates + 3 * d, out, d);
    ApplyGateGrad(config_.cell, shown, through, d);
    const T *peephole = args_.bias + 4 * d, *outer = args_.cell_grad ? args_.cell_grad + row * d : nullptr;
    for (int64_t i = 0; i < d; ++i) {
      carry[i] += through[i];
      if (outer) carry[i] += outer[i];
      if (config_.peepholes) carry[i] += out[i] * peephole[2 * d + i];
    }
    ClipGrad(config_.cell_clip, cell, carry, d);
    const T* before = Before(args_.cell, args_.initial_cell, j, t, d);
    for (int64_t i = 0; i < d; ++i) {
      candidate[i] = carry[i] * gates[d + i];
      in[i] = carry[i] * gates[i];
      forget[i] = before ? carry[i] * before[i] : T(0);
      carry[i] *= gates[2 * d + i];
    }
    ApplyGateGrad(config_.candidate, gates, candidate, d);
    ApplyGateGrad(config_.gate, gates + d, in, 2 * d);
    if (!config_.peepholes) return;
    for (int64_t i = 0; i < d; ++i) carry[i] += in[i] * peephole[i] + forget[i] * peephole[d + i];
  }

  void WeightGrad() const {
    ForEachRow([&](int64_t t, int64_t j, int64_t at) {
      const T* before = Before(args_.projection, args_.initial_projection, j, t, p_);
      if (before)
        std::copy(before, before + p_, before_ + at * p_);
      else
        std::fill(before_ + at * p_, before_ + (at + 1) * p_, T{0});
    });
    Gemm<T>({.m = p_, .n = 4 * d_, .k = rows(), .trans_a = true}, T{1}, before_, sums_, T{0}, args_.weight_grad);
  }

  void BiasGrad() const {
    // Threads share columns, not rows: the order in which the rows add up is fixed.
    const int64_t grain = std::max<int64_t>(16, math::kCheapGrain / (rows() + 1));
    T* out = args_.bias_grad;
    std::fill(out, out + (config_.peepholes ? 7 : 4) * d_, T{0});
    ParallelFor(4 * d_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t at = 0; at < rows(); ++at) math::AddTo(sums_ + at * 4 * d_ + begin, out + begin, end - begin);
    });
    if (!config_.peepholes) return;
    ParallelFor(d_, grain, [&](int64_t begin, int64_t end) {
      ForEachRow([&](int64_t t, int64_t j, int64_t at) {
        const T *sums = sums_ + at * 4 * d_, *cell = args_.cell + all_.row(j, t) * d_;
        const T* before = Before(args_.cell, args_.initial_cell, j, t, d_);
        for (int64_t i = begin; i < end; ++i) out[6 * d_ + i] += sums[3 * d_ + i] * cell[i];
        for (int64_t i = begin; i < end && before; ++i) {
          out[4 * d_ + i] += sums[d_ + i] * before[i];
          out[5 * d_ + i] += sums[2 * d_ + i] * before[i];
        }
      });
    });
  }

  // Rows of the sequences, longest first, into their places; empty sequences get zeros.
  void PutBySequence(const T* from, T* to, int64_t width) const {
    std::fill(to, to + sequences_ * width, T{0});
    for (int64_t j = 0; j < all_.size(); ++j)
      std::copy(from + j * width, from + (j + 1) * width, to + all_.id(j) * width);
  }

  const LstmpConfig& config_;
  const LstmpBackward<T>& args_;
  const SequenceShare all_;
  const int64_t sequences_, d_, p_;
  std::vector<int64_t> begin_{0};  // of each step's rows by step, and the end
  T* const sums_;                  // [R, 4D] gradients of the gates' sums, by step
  T* const projections_;           // [R, P] gradients of h W_p, by step
  T* const before_;                // [R, P] p', by step
  T* const hidden_;                // [B, D] gradient of h in the step at hand
  T* const carry_;                 // [B, D] gradient of c that the step behind gives
};

}  // namespace

size_t LstmpBackwardScratch(const LstmpConfig& config, int64_t rows, int64_t sequences) {
  return rows * (4 * config.units + 2 * config.projected) + sequences * 2 * config.units;
}

template <class T>
void RunLstmpGrad(const LstmpConfig& config, const Lod& lod, const LstmpBackward<T>& args) {
  Backward<T>(config, lod, args).Run();
}

template void RunLstmpGrad(const LstmpConfig&, const Lod&, const LstmpBackward<float>&);
template void RunLstmpGrad(const LstmpConfig&, const Lod&, const LstmpBackward<double>&);

}  // namespace paddle
