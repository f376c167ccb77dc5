#pragma once
// Sums over all paths of a linear chain of tags, in the log domain.
//
// Scores are logarithms, shifted so that the greatest of a step is 0. A step sums exp(scores) times exp(weights), a
// product of a vector and a matrix. Where so little comes out that terms may have been lost to underflow, that one sum
// is done again by logarithms: the result is right for any weights, and as fast as a product for common ones.

#include <cmath>
#include <vector>

#include "paddle/math/functions.h"
#include "paddle/math/gemm.h"
#include "paddle/math/map.h"

namespace paddle {

// log(sum of exp(f(i)) over [0, n)).
template <class T, class F>
T LogSumExp(int64_t n, const F& f) {
  T most = f(0);
  for (int64_t i = 1; i < n; ++i) most = std::max(most, f(i));
  if (!(std::abs(most) < std::numeric_limits<T>::infinity())) return most;
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(f(i) - most));
  return static_cast<T>(most + std::log(sum));
}

// Subtracts the greatest score from all and returns it.
template <class T>
T ShiftToZero(T* scores, int64_t n) {
  const T most = *std::max_element(scores, scores + n);
  for (int64_t i = 0; i < n; ++i) scores[i] -= most;
  return most;
}

// All transitions in one direction: weight(i, j) leads from i to j.
template <class T>
class Passage {
 public:
  // `w`: [n, n]; transposed: weight(i, j) = w[j, i].
  Passage(const T* w, int64_t n, bool transposed)
      : w_(w), n_(n), from_(transposed ? 1 : n), to_(transposed ? n : 1), most_(n), factors_(n * n) {
    for (int64_t j = 0; j < n; ++j) {
      most_[j] = weight(0, j);
      for (int64_t i = 1; i < n; ++i) most_[j] = std::max(most_[j], weight(i, j));
      if (!std::isfinite(most_[j])) most_[j] = 0;
      for (int64_t i = 0; i < n; ++i) factors_[i * n + j] = std::exp(weight(i, j) - most_[j]);
    }
  }

  T weight(int64_t i, int64_t j) const { return w_[i * from_ + j * to_]; }
  // exp(weight(i, j)) by a factor that depends on j.
  const T* factors() const { return factors_.data(); }

  // values = exp(scores), sums[j] = sum over i of values[i] * factor(i, j), and
  // next[j] = log(sum over i of exp(scores[i] + weight(i, j))).
  void Advance(const T* scores, T* values, T* sums, T* next) const {
    const int64_t n = n_;
    const T *factors = factors_.data(), *most = most_.data();
    math::RunLoop<T>([=] {
      for (int64_t i = 0; i < n; ++i) values[i] = math::Exp(scores[i]);
      for (int64_t j = 0; j < n; ++j) sums[j] = 0;
      for (int64_t i = 0; i < n; ++i) {
        const T value = values[i];
#pragma GCC ivdep
        for (int64_t j = 0; j < n; ++j) sums[j] += value * factors[i * n + j];
      }
#pragma GCC ivdep
      for (int64_t j = 0; j < n; ++j) next[j] = most[j] + math::Log(sums[j]);
    });
    for (int64_t j = 0; j < n; ++j)
      if (!IsExact(sums[j])) next[j] = LogSumExp<T>(n, [&](int64_t i) { return scores[i] + weight(i, j); });
  }

  // Whether nothing that counts is missing in a sum: lost terms are below the least normal number.
  static bool IsExact(T sum) { return sum >= (sizeof(T) == sizeof(float) ? T(1e-20) : T(1e-250)); }

 private:
  const T* w_;
  int64_t n_, from_, to_;
  std::vector<T> most_, factors_;
};

// What the steps of one sequence leave for the way back, [length, tags] each. Kept from sequence to sequence.
template <class T>
struct ChainSteps {
  std::vector<T> scores;  // log of the sum of all paths that end in a tag
  std::vector<T> values;  // their exponentials
  std::vector<T> sums;    // what Passage::Advance summed up
};

// The chain of a conditional random field (Lafferty et al., 2001) with Fluid's transition table.
template <class T>
class Chain {
 public:
  Chain(const T* transition, int64_t tags)
      : n_(tags), start_(transition), end_(transition + tags), w_(transition + 2 * tags), forward_(w_, tags, false) {}

  // log(sum of exp(score) of all paths) for a sequence with the emissions x; length > 0.
  double Forward(const T* x, int64_t length, ChainSteps<T>* steps) const {
    for (auto* each : {&steps->scores, &steps->values, &steps->sums})
      if (each->size() < static_cast<size_t>(length * n_)) each->resize(length * n_);
    double shift = 0;
    for (int64_t k = 0; k < length; ++k) {
      T* now = &steps->scores[k * n_];
      if (k == 0)
        std::copy(start_, start_ + n_, now);
      else
        forward_.Advance(now - n_, &steps->values[(k - 1) * n_], &steps->sums[k * n_], now);
      for (int64_t j = 0; j < n_; ++j) now[j] += x[k * n_ + j];
      shift += ShiftToZero(now, n_);
    }
    const T* last = &steps->scores[(length - 1) * n_];
    math::MapSerial([](T score) { return math::Exp(score); }, last, &steps->values[(length - 1) * n_], n_);
    return shift + LogSumExp<T>(n_, [&](int64_t j) { return last[j] + end_[j]; });
  }

  // The score of one path.
  double PathScore(const T* x, const int64_t* path, int64_t length) const {
    double score = start_[path[0]] + static_cast<double>(end_[path[length - 1]]);
    for (int64_t k = 0; k < length; ++k) score += x[k * n_ + path[k]];
    for (int64_t k = 1; k < length; ++k) score += w_[path[k - 1] * n_ + path[k]];
    return score;
  }

 protected:
  int64_t n_;
  const T *start_, *end_, *w_;
  Passage<T> forward_;
};

// Gradients of Forward - PathScore.
template <class T>
class ChainGradient : public Chain<T> {
 public:
  ChainGradient(const T* transition, int64_t tags) : Chain<T>(transition, tags), back_(this->w_, tags, true) {}

  // The gradient of the transition table, in the two parts that it is summed up in.
  struct Sums {
    std::vector<T> table;    // [tags + 2, tags]
    std::vector<T> factors;  // [tags, tags], to be multiplied by forward_.factors()
    explicit Sums(int64_t tags) : table((tags + 2) * tags), factors(tags * tags) {}
  };

  // Behind Forward of the same sequence: writes d times the gradient of x, adds that of the table. dx, sums: may be
  // null.
  void Backward(const T* x, const int64_t* path, int64_t length, T d, const ChainSteps<T>& steps, T* dx, Sums* sums) {
    const int64_t n = this->n_;
    rest_.assign(this->end_, this->end_ + n);
    parts_.resize(sums ? length * n : 0);
    for (auto* each : {&share_, &values_, &products_, &next_}) each->resize(n);
    for (int64_t k = length - 1; k >= 0; --k) {
      Shares(&steps.scores[k * n], d);
      if (dx) {
        std::copy(share_.begin(), share_.end(), dx + k * n);
        dx[k * n + path[k]] -= d;
      }
      if (sums) AddTransitions(path, length, k, d, steps, sums);
      if (k == 0) break;
      for (int64_t j = 0; j < n; ++j) rest_[j] += x[k * n + j];
      ShiftToZero(rest_.data(), n);
      back_.Advance(rest_.data(), values_.data(), products_.data(), next_.data());
      std::swap(rest_, next_);
    }
    if (sums && length > 1)
      Gemm<T>({.m = n, .n = n, .k = length - 1, .trans_a = true}, 1, steps.values.data(), &parts_[n], 1,
              sums->factors.data());
  }

  // Adds the sums of some sequences to the gradient of the table.
  void Finish(const Sums& sums, T* table) const {
    const int64_t n = this->n_;
    for (int64_t i = 0; i < (n + 2) * n; ++i) table[i] += sums.table[i];
    for (int64_t i = 0; i < n * n; ++i) table[2 * n + i] += sums.factors[i] * this->forward_.factors()[i];
  }

 private:
  // share_[j] = d times the probability of tag j, from the scores of the paths to it and of those behind it.
  void Shares(const T* scores, T d) {
    const int64_t n = this->n_;
    T *share = share_.data(), *rest = rest_.data();
    for (int64_t j = 0; j < n; ++j) share[j] = scores[j] + rest[j];
    ShiftToZero(share, n);
    math::MapSerial([](T score) { return math::Exp(score); }, share, share, n);
    double sum = 0;
    for (int64_t j = 0; j < n; ++j) sum += share[j];
    const T factor = static_cast<T>(d / sum);
    for (int64_t j = 0; j < n; ++j) share[j] *= factor;
  }

  void AddTransitions(const int64_t* path, int64_t length, int64_t k, T d, const ChainSteps<T>& steps, Sums* sums) {
    const int64_t n = this->n_;
    T *table = sums->table.data(), *share = share_.data();
    if (k == length - 1) {
      for (int64_t j = 0; j < n; ++j) table[n + j] += share[j];
      table[n + path[k]] -= d;
    }
    if (k == 0) {
      for (int64_t j = 0; j < n; ++j) table[j] += share[j];
      table[path[0]] -= d;
      return;
    }
    table[(2 + path[k - 1]) * n + path[k]] -= d;
    // The part of transition i, j is values[k - 1, i] * factor(i, j) / sums[k, j] of the share of j.
    const T* summed = &steps.sums[k * n];
    for (int64_t j = 0; j < n; ++j) {
      const bool exact = Passage<T>::IsExact(summed[j]);
      parts_[k * n + j] = exact ? share[j] / summed[j] : 0;
      if (!exact) AddExactly(&steps.scores[(k - 1) * n], j, table + 2 * n);
    }
  }

  // The transitions to tag j, where the sum of their exponentials is too small to divide by.
  void AddExactly(const T* before, int64_t j, T* table) {
    const int64_t n = this->n_;
    const auto score = [&](int64_t i) { return before[i] + this->forward_.weight(i, j); };
    const T all = LogSumExp<T>(n, score);
    for (int64_t i = 0; i < n; ++i) table[i * n + j] += share_[j] * std::exp(score(i) - all);
  }

  Passage<T> back_;
  std::vector<T> rest_;  // log of the sum of all paths behind a tag
  std::vector<T> share_, values_, products_, next_;
  std::vector<T> parts_;  // [length, tags]: what each step's values are multiplied by for Sums::factors
};

}  // namespace paddle
