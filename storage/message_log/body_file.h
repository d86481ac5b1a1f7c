// A body of the message log, read by its place: for who shows, exports or hands out single
// messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

// Of code refused where there is no such segment, or it ends before the body does: the body may
// have moved since somebody looked up its place, which is then to be looked up anew.
class BodyFile {
  public:
    const BodyLocation& location() const { return location_; }
    // Fills `room` from `offset` octets in the body on; both together lie within the body.
    Status read(uint64_t offset, std::span<uint8_t> room) const;
    // All of it. For bodies whose size the caller has looked at.
    Result<std::string> read_all() const;

  private:
    friend class MessageFolder;
    BodyFile(UniqueFd file, const BodyLocation& location)
        : file_(std::move(file)), location_(location) {}

    UniqueFd file_;
    BodyLocation location_;
};

class MessageFolder {
  public:
    // `path`: the folder of segments. Of code permission where it may not be read.
    static Result<MessageFolder> open(const std::string& path);

    Result<BodyFile> body(const BodyLocation& location) const;
    int descriptor() const { return folder_.get(); }

  private:
    MessageFolder(UniqueFd folder, std::string path)
        : folder_(std::move(folder)), path_(std::move(path)) {}

    UniqueFd folder_;
    std::string path_;
};

}  // namespace gatepost::storage
