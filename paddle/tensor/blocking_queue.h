#pragma once
// Batches on their way from a reader thread to a running program.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

// A bounded queue of batches; a batch is one tensor a variable that the program reads. Safe for many threads on both
// ends. Push and Pop throw Cancelled when their thread was asked to end (base/interrupt.h).
class BlockingQueue {
 public:
  explicit BlockingQueue(size_t capacity);

  // Waits while the queue is full. False when the queue was closed or failed: the batch was not taken.
  bool Push(std::vector<Tensor> batch);
  // Waits while the queue is empty. No value when it was closed and all batches were handed out.
  // Throws Error with the writer's text after Fail, within the wait.
  std::optional<std::vector<Tensor>> Pop();

  // No more batches come; those inside are still handed out.
  void Close();
  // The writer broke down: readers get `message` as an Error, at once.
  void Fail(std::string message);
  // Empties the queue and opens it again.
  void Reopen();

  size_t size() const;
  size_t capacity() const { return capacity_; }
  bool closed() const;

 private:
  template <class Ready>
  void Wait(std::unique_lock<std::mutex>* lock, Ready ready);

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<Tensor>> batches_;
  bool closed_ = false;
  std::optional<std::string> failure_;
};

}  // namespace paddle
