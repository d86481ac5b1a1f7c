// The octets of one message, out of the store in pieces, or out of what is held of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "dataplane/imap_fetch/section_place.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class BodySource {
  public:
    // Octets of one read, and the most that is held: what most messages stay below.
    static constexpr size_t kPieceMax = size_t{64} << 10;

    // Looks up where the body lies now: a compaction may have moved it since, and have removed the
    // old file. Empty: the message is gone.
    using FindAgain = std::function<std::optional<storage::BodyLocation>()>;

    BodySource(MessageStore& store, const storage::BodyLocation& body, FindAgain find_again = {})
        : store_(store), body_(body), find_again_(std::move(find_again)) {}

    uint64_t size() const { return body_.size; }
    // Reads these, at most kPieceMax octets: what lies within them is not read again. False: they
    // cannot be read.
    Task<bool> hold(Extent extent);
    // At most kPieceMax octets within the message; valid until the next call. False: they cannot be
    // read.
    Task<bool> get(Extent extent, Bytes& piece);

  private:
    bool holds(const Extent& extent) const {
        return extent.offset >= held_.offset && extent.end() <= held_.end();
    }
    Task<bool> read(uint64_t offset, std::span<uint8_t> room);
    bool has_moved();

    MessageStore& store_;
    storage::BodyLocation body_;
    const FindAgain find_again_;
    Extent held_;
    std::unique_ptr<uint8_t[]> held_octets_;
    std::unique_ptr<uint8_t[]> piece_;
    size_t piece_size_ = 0;
};

}  // namespace gatepost::dataplane
