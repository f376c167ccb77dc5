#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
//
// A number depends on (seed, step, op, index) only, so that any thread, and any device, computes any element by itself.

#include <array>
#include <cstdint>
#include <type_traits>

#include "paddle/math/functions.h"

namespace paddle::math {

class Philox {
 public:
  // Streams differ for different (seed, step, op), op < 2^24.
  constexpr Philox(uint64_t seed, uint64_t step, uint32_t op)
      : key0_(static_cast<uint32_t>(seed)), key1_(static_cast<uint32_t>(seed >> 32)), step_(step), op_(op) {}

  // Block number `block` (< 2^40) of four 32-bit numbers.
  constexpr std::array<uint32_t, 4> operator()(uint64_t block) const {
    uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32) | op_ << 8;
    uint32_t c2 = static_cast<uint32_t>(step_), c3 = static_cast<uint32_t>(step_ >> 32);
    uint32_t k0 = key0_, k1 = key1_;
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(p1);
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    return {c0, c1, c2, c3};
  }

 private:
  uint32_t key0_, key1_;
  uint64_t step_;
  uint32_t op_;
};

// Elements of type T that one block gives: float takes 32 bits, double 64.
template <class T>
inline constexpr int kPerBlock = std::is_same_v<T, double> ? 2 : 4;

// Numbers in [0, 1), multiples of 2^-24 or 2^-53.
template <class T>
constexpr std::array<T, kPerBlock<T>> UniformBlock(const Philox& philox, uint64_t block) {
  const auto bits = philox(block);
  if constexpr (std::is_same_v<T, double>) {
    const uint64_t a = uint64_t{bits[1]} << 32 | bits[0], b = uint64_t{bits[3]} << 32 | bits[2];
    return {static_cast<double>(a >> 11) * 0x1p-53, static_cast<double>(b >> 11) * 0x1p-53};
  } else {
    std::array<T, 4> u{};
    for (int i = 0; i < 4; ++i) u[i] = static_cast<float>(bits[i] >> 8) * 0x1p-24f;
    return u;
  }
}

// Numbers of the standard normal distribution (Box and Muller 1958): pairs from two uniform numbers.
template <class T>
constexpr std::array<T, kPerBlock<T>> NormalBlock(const Philox& philox, uint64_t block) {
  std::array<T, kPerBlock<T>> z{};
  if constexpr (std::is_same_v<T, double>) {
    const auto u = UniformBlock<double>(philox, block);
    const double radius = std::sqrt(-2.0 * Log(1.0 - u[0]));
    const auto angle = SinCosOfTurns(u[1]);
    z = {radius * angle.cos, radius * angle.sin};
  } else {
    const auto bits = philox(block);
    for (int i = 0; i < 4; i += 2) {
      const float u = (static_cast<float>(bits[i]) + 1.0f) * 0x1p-32f;  // in (0, 1], fine near 0: long tails
      const float radius = Sqrt(-2.0f * Log(u));
      const auto angle = SinCosOfTurns(static_cast<float>(bits[i + 1] >> 8) * 0x1p-24f);
      z[i] = radius * angle.cos;
      z[i + 1] = radius * angle.sin;
    }
  }
  return z;
}

// The standard normal distribution cut at two standard deviations, from numbers in [0, 1): the inverse distribution
// function.
template <class T>
constexpr T TruncatedNormal(T uniform) {
  constexpr T kErf = static_cast<T>(0.95449973610364158560);  // erf(sqrt(2)): the probability inside
  return static_cast<T>(1.41421356237309504880) * ErfInv(kErf * (T(2) * uniform - T(1)));
}

// A number in [0, n) from 64 random bits; the bias is below n / 2^64.
constexpr uint64_t BelowBound(uint64_t bits, uint64_t n) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
}

// Calls body(i, 32 random bits of element i) for all i of [begin, end).
template <class Body>
void ForEachRandom(const Philox& philox, int64_t begin, int64_t end, const Body& body) {
  for (int64_t i = begin; i < end;) {
    const auto bits = philox(static_cast<uint64_t>(i) / 4);
    for (int64_t k = i % 4; k < 4 && i < end; ++k, ++i) body(i, bits[k]);
  }
}

}  // namespace paddle::math
