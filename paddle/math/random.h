#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Number i of a stream is a function of the stream and i, so any thread can make any part of it.

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace paddle {

// Streams that differ in any member are independent.
struct RandomStream {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint32_t op = 0;
};

// Numbers 4 block .. 4 block + 3 of the stream, 32 random bits each.
constexpr std::array<uint32_t, 4> RandomBlock(const RandomStream& stream, uint64_t block) {
  uint32_t c0 = static_cast<uint32_t>(block), c1 = stream.op, c2 = static_cast<uint32_t>(stream.step);
  uint32_t c3 = static_cast<uint32_t>(stream.step >> 32) ^ static_cast<uint32_t>(block >> 32);
  uint32_t k0 = static_cast<uint32_t>(stream.seed), k1 = static_cast<uint32_t>(stream.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0, n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

// A number of [0, 1) from random bits: all multiples of 2^-24 (float), of 2^-53 (double, from 64 bits).
constexpr float UniformFloat(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }
constexpr double UniformDouble(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

// Number i of the stream of doubles in [0, 1).
constexpr double RandomUniform(const RandomStream& stream, uint64_t i) {
  const auto bits = RandomBlock(stream, i / 2);
  return i % 2 ? UniformDouble(bits[3], bits[2]) : UniformDouble(bits[1], bits[0]);
}

// Number i of the stream of standard normal numbers, by the Box-Muller transform.
inline double RandomNormal(const RandomStream& stream, uint64_t i) {
  const auto bits = RandomBlock(stream, i);
  const double radius = std::sqrt(-2 * std::log(UniformDouble(bits[1], bits[0]) + 0x1p-54));
  return radius * std::cos(2 * std::numbers::pi * UniformDouble(bits[3], bits[2]));
}

// Calls body(i, bits of number i) for all i of [begin, end).
template <class Body>
void ForEachRandom(const RandomStream& stream, int64_t begin, int64_t end, const Body& body) {
  for (int64_t i = begin; i < end;) {
    const auto bits = RandomBlock(stream, static_cast<uint64_t>(i) / 4);
    for (int64_t k = i % 4; k < 4 && i < end; ++k, ++i) body(i, bits[k]);
  }
}

}  // namespace paddle
