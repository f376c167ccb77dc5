#include "paddle/tensor/blocking_queue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "paddle/base/interrupt.h"

namespace paddle {
namespace {

TEST(BlockingQueueTest, AnInterruptEndsTheWait) {
  BlockingQueue queue(1);
  std::atomic<pid_t> waiting{0};
  std::thread reader([&] {
    waiting = gettid();
    EXPECT_THROW(queue.Pop(), Cancelled);
  });
  while (!waiting) std::this_thread::yield();
  RequestInterrupt(waiting);
  reader.join();
  EXPECT_TRUE(queue.Push({}));
  EXPECT_TRUE(queue.Pop().has_value());
}

}  // namespace
}  // namespace paddle
