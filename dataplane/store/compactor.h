// Copies bodies that are still needed out of old segments into a new one, while mail goes on. The
// old segments are removed only when whoever keeps the places has the new ones.
//
// A segment with anything damaged in it is left alone, whole: nothing is lost that might still be
// read.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dataplane/reactor/task.h"
#include "dataplane/store/batch.h"
#include "dataplane/store/log_numbers.h"
#include "dataplane/store/store_file.h"
#include "storage/base/error.h"
#include "storage/message_log/compaction.h"

namespace gatepost::dataplane {

struct MovedBody {
    storage::BlobId id;
    storage::BodyLocation from;
    storage::BodyLocation to;
};

class Compactor {
  public:
    struct Input {
        uint32_t segment = 0;
        std::vector<storage::LiveBody> live;
    };

    // Both outlive it.
    Compactor(StoreDirectory& directory, LogNumbers& numbers, uint32_t edge)
        : directory_(directory), numbers_(numbers), edge_(edge) {}

    // Copies all of `inputs` into one new segment, durably. `floor`: of a checkpoint that is
    // durable; segments from there on are refused. After an error nothing has changed but that
    // octets may lie in a segment that nobody refers to.
    Task<Result<std::vector<MovedBody>>> copy(std::vector<Input> inputs, uint32_t floor);
    // Once the new places are committed, or where nothing was live.
    void remove(const storage::SegmentName& name);

  private:
    struct Output {
        LogSegment segment;
        Batch batch;
        std::vector<std::pair<MovedBody, size_t>> in_batch;  // with places in the batch
        std::vector<MovedBody> moved;
    };
    // A segment that is read from its beginning to its end, a window at a time.
    struct Source {
        uint32_t number = 0;
        uint64_t salt = 0;
        std::unique_ptr<StoreFile> file;
        SharedBuffer window;
        uint64_t window_at = 0;  // where in the segment it begins
        size_t window_size = 0;  // octets that were read
    };

    Task<Status> create(Output& output);
    Task<Status> open(Source& source);
    Task<Status> copy_segment(const Input& input, Output& output);
    Task<Status> fill_window(Source& source, uint64_t at, size_t size);
    Task<Result<std::optional<storage::Record>>> next_record(Source& source, uint64_t& at);
    Task<Status> take(const Source& source, const storage::Record& record,
                      std::map<uint64_t, storage::LiveBody>& live, Output& output);
    Task<Status> write_batch(Output& output);
    Task<Status> finish(Output& output);

    StoreDirectory& directory_;
    LogNumbers& numbers_;
    uint32_t edge_;
};

}  // namespace gatepost::dataplane
