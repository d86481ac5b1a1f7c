// A segment is the shared memory of one index arena: a memfd of a fixed virtual size, laid out by
// offsets so that it can be mapped at any address and written to disk as it is. Pages cost memory
// only once touched. The creator maps it writable; everyone else gets a mapping that cannot be made
// writable (F_SEAL_FUTURE_WRITE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::storage {

enum class PageKind : uint8_t { plain, huge };

class Segment {
  public:
    Segment() = default;
    Segment(Segment&& other) noexcept { *this = std::move(other); }
    Segment& operator=(Segment&& other) noexcept;
    ~Segment();

    // Creates a writable segment of `size` octets (rounded up to 2 MiB): 2 MiB pages where they are
    // wanted and the kernel can promise all of them, plain ones otherwise.
    static Result<Segment> create(const std::string& name, size_t size,
                                  PageKind wanted = PageKind::huge);
    // Maps a segment made by another process, read-only. Takes the descriptor over.
    static Result<Segment> map_readonly(UniqueFd fd);
    // Maps a file (a checkpoint) privately and read-only, all pages present.
    static Result<Segment> map_file(const std::string& path);

    uint8_t* data() { return data_; }
    const uint8_t* data() const { return data_; }
    size_t size() const { return size_; }
    int fd() const { return fd_.get(); }
    PageKind pages() const { return pages_; }
    explicit operator bool() const { return data_ != nullptr; }

  private:
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
    UniqueFd fd_;
    PageKind pages_ = PageKind::plain;
};

}  // namespace gatepost::storage
