#include "paddle/tensor/blocking_queue.h"

#include <chrono>
#include <utility>

#include "paddle/base/interrupt.h"

namespace paddle {

BlockingQueue::BlockingQueue(size_t capacity) : capacity_(capacity) {
  Require(capacity >= 1, "a queue needs room for one batch at least");
}

// A signal does not end the wait for a condition variable, so it is looked at now and then.
template <class Ready>
void BlockingQueue::Wait(std::unique_lock<std::mutex>* lock, Ready ready) {
  while (!changed_.wait_for(*lock, std::chrono::milliseconds(50), ready))
    if (InterruptRequested()) throw Cancelled("the wait for a batch was interrupted");
}

bool BlockingQueue::Push(std::vector<Tensor> batch) {
  std::unique_lock lock(mutex_);
  Wait(&lock, [&] { return closed_ || failure_ || batches_.size() < capacity_; });
  if (closed_ || failure_) return false;
  batches_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

std::optional<std::vector<Tensor>> BlockingQueue::Pop() {
  std::unique_lock lock(mutex_);
  Wait(&lock, [&] { return closed_ || failure_ || !batches_.empty(); });
  if (failure_) throw Error(*failure_);
  if (batches_.empty()) return std::nullopt;
  auto batch = std::move(batches_.front());
  batches_.pop_front();
  changed_.notify_all();
  return batch;
}

void BlockingQueue::Close() {
  std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void BlockingQueue::Fail(std::string message) {
  std::scoped_lock lock(mutex_);
  failure_ = std::move(message);
  changed_.notify_all();
}

void BlockingQueue::Reopen() {
  std::scoped_lock lock(mutex_);
  batches_.clear();
  closed_ = false;
  failure_.reset();
  changed_.notify_all();
}

size_t BlockingQueue::size() const {
  std::scoped_lock lock(mutex_);
  return batches_.size();
}

bool BlockingQueue::closed() const {
  std::scoped_lock lock(mutex_);
  return closed_;
}

}  // namespace paddle
