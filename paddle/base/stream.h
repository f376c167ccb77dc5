#pragma once
// Bytes in and out: of memory and of files.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace paddle {

// Where bytes are read from, in order. What is left is known, so that a size in an untrusted file can be checked before
// it is used.
class ByteSource {
 public:
  virtual ~ByteSource();
  virtual uint64_t remaining() const = 0;
  // Fills `to` with the next `size` bytes. Throws InvalidArgument when fewer are left.
  void Read(void* to, size_t size);
  // Passes over the next `size` bytes.
  void Skip(uint64_t size);
  // For errors: "file 'x'" or "the buffer".
  virtual std::string name() const = 0;

 protected:
  // The next `size` <= remaining() bytes; a null `to`: they are not wanted.
  virtual void ReadSome(void* to, size_t size) = 0;
};

class ByteSink {
 public:
  virtual ~ByteSink();
  virtual void Write(const void* from, size_t size) = 0;
};

// Borrows the memory.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  uint64_t remaining() const override { return bytes_.size(); }
  std::string name() const override { return "the buffer"; }

 private:
  void ReadSome(void* to, size_t size) override;
  std::string_view bytes_;
};

class MemorySink final : public ByteSink {
 public:
  void Write(const void* from, size_t size) override { bytes_.append(static_cast<const char*>(from), size); }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// A regular file, read from its start. Throws NotFound when there is none, InvalidArgument when it cannot be read.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  uint64_t remaining() const override { return remaining_; }
  std::string name() const override { return "file '" + path_ + "'"; }

 private:
  void ReadSome(void* to, size_t size) override;
  std::string path_;
  std::FILE* file_ = nullptr;
  uint64_t remaining_ = 0;
};

// Writes a file whole or not at all: into a temporary file beside it, which takes its name when all is written.
// Folders on the way are made. Throws Error with the system's reason.
class FileSink final : public ByteSink {
 public:
  explicit FileSink(const std::string& path);
  ~FileSink() override;  // without Commit: nothing stays
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  void Write(const void* from, size_t size) override;
  void Commit();

 private:
  [[noreturn]] void Fail(const char* what) const;
  std::string path_, temporary_;
  std::FILE* file_ = nullptr;
};

bool FileExists(const std::string& path);
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view bytes);

}  // namespace paddle
