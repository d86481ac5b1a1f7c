// A body in a segment of its own: written as it comes, so that a message of any size costs the same
// memory.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "dataplane/store/store_file.h"
#include "storage/message_log/record.h"

namespace gatepost::dataplane {

class OwnBody {
  public:
    // Octets that are written at once; what one holds of memory.
    static constexpr size_t kChunk = 128 << 10;

    // `number`: of its segment, from LogNumbers::take().
    OwnBody(StoreDirectory& directory, uint32_t number, uint32_t edge);
    // Removes the file unless it is kept.
    ~OwnBody();
    OwnBody(const OwnBody&) = delete;
    OwnBody& operator=(const OwnBody&) = delete;

    uint32_t number() const { return number_; }
    // These give 0 or a negative errno. Makes the file.
    Task<int32_t> create();
    Task<int32_t> add(Bytes octets);
    // Puts the prefix before the body, and makes file and name durable. The record that will point
    // to it lies in segment `record_floor` or a later one.
    Task<int32_t> finish(Bytes prefix, const storage::BlobId& id, uint32_t record_floor);
    // After finish(): what the record says of it.
    storage::MessageRecord record() const;
    void keep() { is_kept_ = true; }

  private:
    Task<int32_t> write(SharedBuffer memory, size_t size, uint64_t offset);

    StoreDirectory& directory_;
    uint32_t number_;
    uint32_t edge_;
    std::string name_;
    std::unique_ptr<StoreFile> file_;
    SharedBuffer chunk_;
    size_t filled_ = 0;     // octets of the chunk
    uint64_t written_ = 0;  // octets of the body
    uint32_t body_crc_ = 0;
    storage::OwnBody header_;
    bool is_kept_ = false;
};

}  // namespace gatepost::dataplane
