#include "paddle/base/stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "paddle/base/errors.h"

namespace paddle {

ByteSource::~ByteSource() = default;
ByteSink::~ByteSink() = default;

void ByteSource::Read(void* to, size_t size) {
  Require(size <= remaining(), name(), " ends too early: ", size, " more bytes are expected, ", remaining(),
          " are left");
  if (size) ReadSome(to, size);
}

void ByteSource::Skip(uint64_t size) {
  Require(size <= remaining(), name(), " ends too early: ", size, " more bytes are expected, ", remaining(),
          " are left");
  if (size) ReadSome(nullptr, size);
}

void MemorySource::ReadSome(void* to, size_t size) {
  if (to) std::memcpy(to, bytes_.data(), size);
  bytes_.remove_prefix(size);
}

FileSource::FileSource(const std::string& path) : path_(path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) throw NotFound(StrCat("cannot open file '", path, "': ", std::strerror(errno)));
  Require(S_ISREG(info.st_mode), "'", path, "' is not a regular file", S_ISDIR(info.st_mode) ? " but a folder" : "");
  file_ = std::fopen(path.c_str(), "rbe");
  Require(file_ != nullptr, "cannot open file '", path, "': ", std::strerror(errno));
  remaining_ = static_cast<uint64_t>(info.st_size);
}

FileSource::~FileSource() {
  if (file_) std::fclose(file_);
}

void FileSource::ReadSome(void* to, size_t size) {
  const bool ok = to ? std::fread(to, 1, size, file_) == size : fseeko(file_, static_cast<off_t>(size), SEEK_CUR) == 0;
  Require(ok, "file '", path_, "' cannot be read: ", std::ferror(file_) ? std::strerror(errno) : "it became shorter");
  remaining_ -= size;
}

FileSink::FileSink(const std::string& path) : path_(path) {
  Require(!path.empty(), "the name of the file to write is empty");
  struct stat info = {};
  Require(stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode), "'", path,
          "' is there and not a regular file; it cannot be replaced");
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw Error(StrCat("cannot make the folder '", folder.string(), "': ", error.message()));
  static std::atomic<unsigned> count{0};
  temporary_ = StrCat(path, ".tmp.", getpid(), '.', ++count);
  file_ = std::fopen(temporary_.c_str(), "wbxe");
  if (!file_) throw Error(StrCat("cannot write file '", path, "': ", std::strerror(errno)));
}

FileSink::~FileSink() {
  if (!file_) return;
  std::fclose(file_);
  unlink(temporary_.c_str());
}

void FileSink::Fail(const char* what) const {
  throw Error(StrCat("cannot ", what, " file '", path_, "': ", std::strerror(errno)));
}

void FileSink::Write(const void* from, size_t size) {
  Ensure(file_ != nullptr, "a write after Commit");
  if (size && std::fwrite(from, 1, size, file_) != size) Fail("write");
}

void FileSink::Commit() {
  Ensure(file_ != nullptr, "two Commits");
  if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) Fail("write");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail("rename");
  std::fclose(file_);
  file_ = nullptr;
}

bool FileExists(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0;
}

std::string ReadFile(const std::string& path) {
  FileSource source(path);
  std::string bytes(source.remaining(), '\0');
  source.Read(bytes.data(), bytes.size());
  return bytes;
}

void WriteFile(const std::string& path, std::string_view bytes) {
  FileSink sink(path);
  sink.Write(bytes.data(), bytes.size());
  sink.Commit();
}

}  // namespace paddle
