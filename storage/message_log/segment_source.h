// A folder of segments, for who reads whole ones: recovery at the start, checks, compaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/message_log/segment_header.h"

namespace gatepost::storage {

struct SegmentFile {
    SegmentName name;
    uint64_t size = 0;  // octets
};

class SegmentSource {
  public:
    virtual ~SegmentSource() = default;
    // By number.
    virtual Result<std::vector<SegmentFile>> list() = 0;
    // Fills `room` from `offset` on. Octets that the disk cannot give any more, or that are behind
    // the end, become kUnreadable; gives their number. An error: the file cannot be opened.
    virtual Result<uint64_t> read(const SegmentName& name, uint64_t offset,
                                  std::span<uint8_t> room) = 0;
    // A small file whole; empty where there is none.
    virtual Result<std::vector<uint8_t>> read_file(const std::string& name) = 0;

    // Neither a record's beginning nor the zeros between records.
    static constexpr uint8_t kUnreadable = 0xee;
};

class DirectorySource final : public SegmentSource {
  public:
    // `directory`: a descriptor of the folder, which stays open.
    explicit DirectorySource(int directory) : directory_(directory) {}

    Result<std::vector<SegmentFile>> list() override;
    Result<uint64_t> read(const SegmentName& name, uint64_t offset,
                          std::span<uint8_t> room) override;
    Result<std::vector<uint8_t>> read_file(const std::string& name) override;

  private:
    int directory_;
};

}  // namespace gatepost::storage
