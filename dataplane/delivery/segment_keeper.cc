#include "dataplane/delivery/segment_keeper.h"

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

using storage::BodiesCopied;
using storage::FrameVerb;

bool SegmentKeeper::take(const storage::Frame& frame) {
    if (frame.verb == FrameVerb::copy_bodies) {
        auto request = storage::decode_copy_bodies(frame.payload);
        if (request) copy(std::move(*request));
        return request.has_value();
    }
    if (frame.verb != FrameVerb::drop_segments) return false;
    const auto request = storage::decode_drop_segments(frame.payload);
    if (request) drop(*request);
    return request.has_value();
}

void SegmentKeeper::put_answers(std::vector<uint8_t>& out) {
    out.insert(out.end(), answers_.begin(), answers_.end());
    answers_.clear();
}

void SegmentKeeper::answer(const BodiesCopied& answer) {
    if (storage::append_frame(answers_, answer)) return;
    (void)storage::append_frame(
        answers_, BodiesCopied{answer.sequence, "too many bodies at once", false, {}});
}

void SegmentKeeper::copy(storage::CopyBodies request) {
    if (!copying_.is_done())
        return answer(
            {request.sequence, "another compaction is under way; try again later", false, {}});
    std::vector<Compactor::Input> inputs;
    for (storage::CopyBodies::Source& source : request.sources)
        inputs.push_back({source.segment, std::move(source.bodies)});
    copying_ = run(request.sequence, std::move(inputs));
    copying_.start();
}

Task<> SegmentKeeper::run(uint64_t sequence, std::vector<Compactor::Input> inputs) {
    BodiesCopied answered;
    answered.sequence = sequence;
    auto moved = co_await compactor_.copy(std::move(inputs), store_.durable_floor());
    if (!moved) {
        log(LogLevel::warning, "store.not_compacted", {{"error", moved.error().message}});
        answered.error = moved.error().message;
        answered.is_source_bad = moved.error().code == ErrorCode::invalid;
    } else {
        for (const MovedBody& body : *moved)
            answered.bodies.push_back({body.from.segment, static_cast<uint32_t>(body.from.offset),
                                       body.to.segment, static_cast<uint32_t>(body.to.offset)});
    }
    answer(answered);
}

void SegmentKeeper::drop(const storage::DropSegments& request) {
    for (const storage::SegmentName& name : request.segments) {
        store_.open_segments().forget(name.number);
        if (!request.removes) continue;
        if (name.number < store_.durable_floor()) {
            compactor_.remove(name);
        } else {
            log(LogLevel::warning, "store.segment_kept",
                {{"segment", storage::segment_file_name(name.number, name.kind)},
                 {"floor", store_.durable_floor()}});
        }
    }
}

}  // namespace gatepost::dataplane
