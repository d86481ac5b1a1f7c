#include "dataplane/store/compactor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatepost::dataplane {

namespace {

constexpr size_t kBlock = storage::kSegmentBlock;
// Octets that are read at once. The worker checks so many in a turn: a fraction of a millisecond.
constexpr size_t kWindow = size_t{1} << 20;

tl::unexpected<Error> failed(std::string_view doing, uint32_t segment, int32_t error) {
    return fail(ErrorCode::refused, "compaction: {} segment {:08x}: {}; it stays as it is", doing,
                segment, std::strerror(-error));
}
tl::unexpected<Error> damaged(uint32_t segment, uint64_t at) {
    return fail(ErrorCode::invalid,
                "compaction: segment {:08x} is damaged at octet {}; it stays as it is, and "
                "`gatepost store check` tells more",
                segment, at);
}

// A write that did less than it should has met the end of the disk.
int32_t short_write(int32_t written) {
    return written < 0 ? written : -ENOSPC;
}

bool is_zero(Bytes octets) {
    return std::ranges::all_of(octets, [](uint8_t octet) { return octet == 0; });
}

}  // namespace

Task<Result<std::vector<MovedBody>>> Compactor::copy(std::vector<Input> inputs, uint32_t floor) {
    for (const Input& input : inputs)
        if (input.segment >= floor)
            co_return fail(ErrorCode::refused,
                           "compaction: segment {:08x} may have undelivered messages: those below "
                           "{:08x} have none",
                           input.segment, floor);
    Output output;
    Status copied = co_await create(output);
    for (const Input& input : inputs) {
        if (!copied) break;
        copied = co_await copy_segment(input, output);
    }
    if (copied) copied = co_await finish(output);
    if (!copied) {
        output.segment.file.reset();
        remove({output.segment.identity.number, storage::SegmentKind::log});
        co_return tl::unexpected(copied.error());
    }
    co_return std::move(output.moved);
}

void Compactor::remove(const storage::SegmentName& name) {
    directory_.unlink(storage::segment_file_name(name.number, name.kind));
}

// The header comes first: what a crash leaves is a segment like any other, with a torn end.
Task<Status> Compactor::create(Output& output) {
    LogSegment& segment = output.segment;
    segment.identity = {numbers_.take(), draw_salt()};
    const uint32_t number = segment.identity.number;
    if (number == 0) co_return failed("making", number, -EOVERFLOW);
    OpenedFile opened = co_await directory_.create_segment(
        storage::segment_file_name(number, storage::SegmentKind::log));
    if (!opened.file) co_return failed("making", number, opened.error);
    segment.file = std::move(opened.file);
    storage::SegmentHeader header;
    header.number = number;
    header.edge = edge_;
    header.created_us = wall_clock_us();
    header.salt = segment.identity.salt;
    auto block = std::make_shared<AlignedBuffer>(kBlock);
    storage::encode_segment_header(header, block->octets().first<kBlock>());
    int32_t written = co_await segment.file->write(block, kBlock, 0, Durability::later);
    if (written != static_cast<int32_t>(kBlock))
        co_return failed("writing", number, short_write(written));
    co_return Status{};
}

Task<Status> Compactor::fill_window(Source& source, uint64_t at, size_t size) {
    source.window_at = at;
    source.window_size = 0;
    if (source.window->size() < size) source.window = std::make_shared<AlignedBuffer>(size);
    int32_t got = co_await source.file->read(source.window, source.window->size(), at);
    if (got < 0) co_return failed("reading", source.number, got);
    source.window_size = static_cast<size_t>(got);
    co_return Status{};
}

Task<Status> Compactor::open(Source& source) {
    OpenedFile opened = co_await directory_.open(
        storage::segment_file_name(source.number, storage::SegmentKind::log));
    if (!opened.file) co_return failed("opening", source.number, opened.error);
    source.file = std::move(opened.file);
    source.window = std::make_shared<AlignedBuffer>(kWindow);
    Status filled = co_await fill_window(source, 0, kWindow);
    if (!filled) co_return filled;
    const auto header =
        storage::decode_segment_header(Bytes(source.window->octets()).first(source.window_size));
    if (!header || header->number != source.number || header->kind != storage::SegmentKind::log)
        co_return damaged(source.number, 0);
    source.salt = header->salt;
    co_return Status{};
}

// The record at `at` or behind it, which moves behind the record; empty at the segment's end.
Task<Result<std::optional<storage::Record>>> Compactor::next_record(Source& source, uint64_t& at) {
    for (;;) {
        const bool is_inside = at >= source.window_at &&
                               at + storage::kRecordHeader <= source.window_at + source.window_size;
        if (!is_inside) {
            const uint64_t begin = at / kBlock * kBlock;
            Status filled = co_await fill_window(source, begin, kWindow);
            if (!filled) co_return tl::unexpected(filled.error());
            if (at + storage::kRecordHeader > begin + source.window_size)
                co_return std::optional<storage::Record>();
        }
        const Bytes window = Bytes(source.window->octets()).first(source.window_size);
        const Bytes octets = window.subspan(at - source.window_at);
        if (is_zero(octets.first(storage::kRecordAlignment))) {
            at = at / kBlock * kBlock + kBlock;
            continue;
        }
        const size_t size = storage::record_size(storage::record_payload(octets));
        if (size > octets.size()) {
            // Once more from its beginning on; then it is there, or is no record.
            const uint64_t begin = at / kBlock * kBlock;
            const size_t needed = size + static_cast<size_t>(at - begin);
            const bool was_tried = source.window_at == begin && source.window_size < needed &&
                                   source.window->size() >= needed;
            if (was_tried || needed > storage::kSegmentOctetsMax)
                co_return damaged(source.number, at);
            Status filled = co_await fill_window(source, begin, needed);
            if (!filled) co_return tl::unexpected(filled.error());
            continue;
        }
        auto record = storage::read_record(octets, {source.number, source.salt}, at);
        if (!record) co_return damaged(source.number, at);
        at += record->size;
        co_return record;
    }
}

Task<Status> Compactor::copy_segment(const Input& input, Output& output) {
    std::map<uint64_t, storage::LiveBody> live;
    for (const storage::LiveBody& body : input.live) live[body.offset] = body;
    Source source;
    source.number = input.segment;
    Status done = co_await open(source);
    uint64_t at = kBlock;
    while (done && !live.empty()) {
        Result<std::optional<storage::Record>> record = co_await next_record(source, at);
        if (!record) co_return tl::unexpected(record.error());
        if (!*record) break;
        done = co_await take(source, **record, live, output);
    }
    if (!done) co_return done;
    if (!live.empty())
        co_return fail(ErrorCode::invalid,
                       "compaction: segment {:08x} has no body {} at octet {}; it stays as it is",
                       input.segment, live.begin()->second.id.text(), live.begin()->first);
    co_return Status{};
}

Task<Status> Compactor::take(const Source& source, const storage::Record& record,
                             std::map<uint64_t, storage::LiveBody>& live, Output& output) {
    storage::BodyRecord body;
    body.origin_segment = source.number;
    if (const auto message = storage::decode_message(record, source.number)) {
        if (!message->is_inline) co_return Status{};
        body.id = message->id;
        body.octets = message->inline_octets;
        body.origin_offset = message->body.offset;
    } else if (const auto moved = storage::decode_body(record)) {
        body.id = moved->id;
        body.octets = moved->octets;
        body.origin_offset = record.offset + storage::kRecordHeader + storage::BodyRecord::kFixed;
    } else {
        co_return Status{};
    }
    const auto wanted = live.find(body.origin_offset);
    if (wanted == live.end()) co_return Status{};
    if (wanted->second.id != body.id || wanted->second.size != body.octets.size())
        co_return fail(
            ErrorCode::invalid,
            "compaction: what lies at octet {} of segment {:08x} is body {}, and not {}; "
            "it stays as it is",
            body.origin_offset, source.number, body.id.text(), wanted->second.id.text());
    live.erase(wanted);
    const size_t size = storage::record_size(storage::BodyRecord::kFixed + body.octets.size());
    if (output.segment.at + output.batch.padded_size() + size + kBlock > storage::kSegmentOctetsMax)
        co_return fail(ErrorCode::usage, "compaction: more than a segment can hold at once");
    if (!output.batch.has_room(size, Batch::kOctets)) {
        Status written = co_await write_batch(output);
        if (!written) co_return written;
    }
    const MovedBody moved{body.id,
                          {source.number, body.origin_offset, body.octets.size()},
                          {0, 0, body.octets.size()}};
    output.in_batch.emplace_back(moved, output.batch.add_body(body));
    co_return Status{};
}

Task<Status> Compactor::write_batch(Output& output) {
    LogSegment& segment = output.segment;
    if (output.batch.is_empty()) co_return Status{};
    output.batch.seal(segment);
    const size_t size = output.batch.padded_size();
    int32_t written =
        co_await segment.file->write(output.batch.memory(), size, segment.at, Durability::later);
    if (written != static_cast<int32_t>(size))
        co_return failed("writing", segment.identity.number, short_write(written));
    for (auto& [moved, place] : output.in_batch) {
        moved.to.segment = segment.identity.number;
        moved.to.offset = segment.at + place;
        output.moved.push_back(moved);
    }
    output.in_batch.clear();
    segment.at += size;
    output.batch.clear();
    co_return Status{};
}

Task<Status> Compactor::finish(Output& output) {
    const uint32_t number = output.segment.identity.number;
    Status written = co_await write_batch(output);
    if (!written) co_return written;
    int32_t synced = co_await output.segment.file->sync();
    if (synced < 0) co_return failed("making durable", number, synced);
    int32_t named = co_await directory_.sync();
    if (named < 0) co_return failed("making durable", number, named);
    co_return Status{};
}

}  // namespace gatepost::dataplane
