#include "storage/spool/spool_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/spool/envelope.h"

namespace gatepost::storage {

namespace {

struct Checkpoint {
    std::optional<SpoolCheckpoint> value;
    bool is_damaged = false;
};

Result<Checkpoint> read_checkpoint(SegmentSource& source) {
    auto octets = source.read_file(std::string(kSpoolCheckpointName));
    if (!octets) return tl::unexpected(octets.error());
    Checkpoint checkpoint;
    if (octets->empty()) return checkpoint;
    checkpoint.value = decode_spool_checkpoint(*octets);
    checkpoint.is_damaged = !checkpoint.value;
    return checkpoint;
}

uint32_t next_number(const std::vector<SegmentFile>& files, const Checkpoint& checkpoint) {
    uint32_t next = checkpoint.value ? checkpoint.value->next_number : 1;
    for (const SegmentFile& file : files) next = std::max(next, file.name.number + 1);
    return std::max(next, uint32_t{1});
}

class Scanner {
  public:
    Scanner(SegmentSource& source, SpoolScan& scan) : source_(source), scan_(scan) {}

    void read_log(const SegmentFile& file);
    void note_own(const SegmentFile& file) { own_sizes_[file.name.number] = file.size; }
    // After the logs.
    void check_own(const SegmentFile& file, bool knows_all_records);
    void finish();
    bool has_damage() const {
        const SpoolScanCounters& counters = scan_.counters;
        return counters.damaged + counters.unreadable + counters.missing + counters.malformed +
                   counters.bad_headers + counters.bad_checkpoint !=
               0;
    }

  private:
    void take(const Record& record, uint32_t segment);
    void take_message(const Record& record, uint32_t segment);
    void note_damage(const SegmentReader& reader, const SegmentFile& file, uint64_t unreadable);
    template <typename... Args>
    void find(fmt::format_string<Args...> format, Args&&... args) {
        scan_.findings.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    SegmentSource& source_;
    SpoolScan& scan_;
    std::vector<uint8_t> octets_;  // of the segment that is being read
    std::vector<SpooledMessage> messages_;
    std::set<MessageRef> done_;
    std::set<uint32_t> own_bodies_;           // that records point to
    std::map<uint32_t, uint64_t> own_sizes_;  // octets of the files of own bodies
};

void Scanner::take_message(const Record& record, uint32_t segment) {
    const auto message = decode_message(record, segment);
    if (!message || !decode_envelope(message->envelope)) {
        ++scan_.counters.malformed;
        find("segment {:08x}: the message at octet {} cannot be read", segment, record.offset);
        return;
    }
    ++scan_.counters.messages;
    if (!message->is_inline) own_bodies_.insert(message->body.segment);
    messages_.push_back({message->id, message->body, segment, record.offset});
}

void Scanner::take(const Record& record, uint32_t segment) {
    if (record.type == RecordType::message) return take_message(record, segment);
    if (record.type != RecordType::done) return;
    const auto references = decode_done(record);
    if (!references) {
        ++scan_.counters.malformed;
        find("segment {:08x}: the list of what is done at octet {} cannot be read", segment,
             record.offset);
        return;
    }
    done_.insert(references->begin(), references->end());
}

void Scanner::note_damage(const SegmentReader& reader, const SegmentFile& file,
                          uint64_t unreadable) {
    const uint32_t number = file.name.number;
    SpoolScanCounters& counters = scan_.counters;
    counters.missing += reader.missing();
    counters.unreadable += unreadable;
    if (reader.missing() != 0)
        find("segment {:08x}: {} records are missing", number, reader.missing());
    if (unreadable != 0)
        find("segment {:08x}: the disk does not give {} octets", number, unreadable);
    if (!reader.header() && reader.used() > kSegmentBlock) {
        ++counters.bad_headers;
        find("segment {:08x}: its first block is damaged", number);
    }
    for (const DamagedRange& range : reader.damage()) {
        (range.is_tail ? counters.torn : counters.damaged) += range.size;
        if (!range.is_tail)
            find("segment {:08x}: {} octets from octet {} on are damaged", number, range.size,
                 range.offset);
    }
}

void Scanner::read_log(const SegmentFile& file) {
    octets_.resize(file.size);
    auto unreadable = source_.read(file.name, 0, octets_);
    if (!unreadable) {
        scan_.counters.unreadable += file.size;
        scan_.findings.push_back(unreadable.error().message);
        return;
    }
    ++scan_.counters.segments;
    scan_.counters.octets += file.size;
    SegmentReader reader(octets_, file.name.number);
    uint64_t records = 0;
    while (const auto record = reader.next()) {
        ++records;
        take(*record, file.name.number);
    }
    note_damage(reader, file, *unreadable);
    // What was made ahead of need and never written to has zeros behind its header, and before the
    // header is there, all zeros.
    if (records == 0 && *unreadable == 0 &&
        std::all_of(octets_.begin() + static_cast<ptrdiff_t>(std::min<size_t>(
                                          reader.header() ? kSegmentBlock : 0, octets_.size())),
                    octets_.end(), [](uint8_t octet) { return octet == 0; })) {
        scan_.removable.push_back(file.name);
        return;
    }
    const uint64_t used = (reader.used() + kSegmentBlock - 1) / kSegmentBlock * kSegmentBlock;
    if (*unreadable == 0 && used < file.size) scan_.tails.push_back({file.name, used});
}

void Scanner::check_own(const SegmentFile& file, bool knows_all_records) {
    std::vector<uint8_t> block(std::min<uint64_t>(file.size, kSegmentBlock));
    auto unreadable = source_.read(file.name, 0, block);
    if (!unreadable || *unreadable != 0) {
        scan_.counters.unreadable += unreadable ? *unreadable : file.size;
        find("segment {:08x}: its first block cannot be read", file.name.number);
        return;
    }
    const auto header = decode_segment_header(block);
    if (header && header->number == file.name.number) {
        // Made durable, but its record never was. Only where every record is known that could
        // point to it.
        if (knows_all_records && header->body.record_floor >= scan_.floor &&
            !own_bodies_.contains(file.name.number))
            scan_.removable.push_back(file.name);
        return;
    }
    // The header comes last: without it nothing was acknowledged.
    if (std::ranges::all_of(block, [](uint8_t octet) { return octet == 0; }) &&
        !own_bodies_.contains(file.name.number)) {
        scan_.removable.push_back(file.name);
        return;
    }
    ++scan_.counters.bad_headers;
    find("segment {:08x}: its first block is damaged", file.name.number);
}

void Scanner::finish() {
    for (SpooledMessage& message : messages_) {
        const MessageRef reference{message.id, message.record_segment,
                                   static_cast<uint32_t>(message.record_offset)};
        if (done_.contains(reference)) {
            ++scan_.counters.done;
            continue;
        }
        if (message.body.segment != message.record_segment) {
            const auto own = own_sizes_.find(message.body.segment);
            if (own == own_sizes_.end() || own->second < message.body.offset + message.body.size) {
                ++scan_.counters.lost_bodies;
                find("message {}: its body, segment {:08x}, is not there", message.id.text(),
                     message.body.segment);
                continue;
            }
        }
        scan_.messages.push_back(message);
    }
    std::ranges::sort(scan_.messages, {}, &SpooledMessage::id);
}

}  // namespace

Result<uint32_t> next_segment_number(SegmentSource& source) {
    auto files = source.list();
    if (!files) return tl::unexpected(files.error());
    auto checkpoint = read_checkpoint(source);
    if (!checkpoint) return tl::unexpected(checkpoint.error());
    return next_number(*files, *checkpoint);
}

Result<SpoolScan> scan_spool(SegmentSource& source, uint32_t below) {
    auto files = source.list();
    if (!files) return tl::unexpected(files.error());
    auto checkpoint = read_checkpoint(source);
    if (!checkpoint) return tl::unexpected(checkpoint.error());
    SpoolScan scan;
    scan.next_number = next_number(*files, *checkpoint);
    if (checkpoint->value) scan.floor = checkpoint->value->floor;
    if (checkpoint->is_damaged) {
        scan.counters.bad_checkpoint = 1;
        scan.findings.push_back(fmt::format(
            "{} is damaged: every segment is read, and what was delivered long ago may be "
            "delivered again",
            kSpoolCheckpointName));
    }
    const auto is_wanted = [&](const SegmentFile& file) {
        return file.name.number >= scan.floor && file.name.number < below;
    };
    Scanner scanner(source, scan);
    for (const SegmentFile& file : *files)
        if (file.name.kind == SegmentKind::log && is_wanted(file)) scanner.read_log(file);
    const bool knows_all_records = checkpoint->value && !scanner.has_damage();
    for (const SegmentFile& file : *files) {
        if (file.name.kind != SegmentKind::own) continue;
        scanner.note_own(file);
        // A body that is not committed yet holds the floor down like an undelivered message.
        if (is_wanted(file)) scanner.check_own(file, knows_all_records);
    }
    scanner.finish();
    return scan;
}

}  // namespace gatepost::storage
