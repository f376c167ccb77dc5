#include "paddle/base/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace paddle {
namespace {

TEST(InterruptTest, IsForOneThreadAndOnce) {
  EXPECT_FALSE(InterruptRequested());
  RequestInterrupt(gettid());
  std::thread([] { EXPECT_FALSE(InterruptRequested()) << "another thread's request"; }).join();
  EXPECT_TRUE(InterruptRequested());
  EXPECT_FALSE(InterruptRequested());
}

}  // namespace
}  // namespace paddle
