#include "storage/message_log/store_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/crc32c.h"

namespace gatepost::storage {

namespace {

class Checker {
  public:
    Checker(SegmentSource& source, StoreReport& report) : source_(source), report_(report) {}

    void check(const SegmentFile& file);
    void finish();

  private:
    struct Message {
        MessageRef reference;
        uint32_t own_segment = 0;  // 0: inline
    };

    void check_log(SegmentReport& segment);
    void check_own(SegmentReport& segment);
    void take(const Record& record, SegmentReport& segment);
    void tell(const SegmentReport& segment);
    template <typename... Args>
    void find(fmt::format_string<Args...> format, Args&&... args) {
        report_.findings.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    SegmentSource& source_;
    StoreReport& report_;
    std::vector<uint8_t> octets_;
    std::vector<Message> messages_;
    std::set<MessageRef> done_;
    std::set<uint32_t> own_;
};

void Checker::take(const Record& record, SegmentReport& segment) {
    if (record.type == RecordType::message) {
        const auto message = decode_message(record, segment.name.number);
        if (!message) {
            ++segment.malformed;
            return;
        }
        ++segment.messages;
        if (message->is_inline) segment.body_octets += message->body.size;
        messages_.push_back(
            {{message->id, segment.name.number, static_cast<uint32_t>(record.offset)},
             message->is_inline ? 0 : message->body.segment});
    } else if (record.type == RecordType::done) {
        const auto references = decode_done(record);
        if (!references) {
            ++segment.malformed;
            return;
        }
        segment.done_notes += references->size();
        done_.insert(references->begin(), references->end());
    } else if (const auto body = decode_body(record)) {
        ++segment.bodies;
        segment.body_octets += body->octets.size();
    } else {
        ++segment.malformed;
    }
}

void Checker::check_log(SegmentReport& segment) {
    SegmentReader reader(octets_, segment.name.number);
    while (const auto record = reader.next()) take(*record, segment);
    if (reader.header()) segment.created_us = reader.header()->created_us;
    segment.is_header_bad = !reader.header() && reader.used() > kSegmentBlock;
    segment.used = reader.used();
    segment.missing = reader.missing();
    segment.damage = reader.damage();
}

void Checker::check_own(SegmentReport& segment) {
    own_.insert(segment.name.number);
    const Bytes octets(octets_);
    const auto header = decode_segment_header(octets);
    if (!header || header->number != segment.name.number || header->kind != SegmentKind::own) {
        const Bytes block = octets.first(std::min(octets.size(), kSegmentBlock));
        segment.is_uncommitted =
            std::ranges::all_of(block, [](uint8_t octet) { return octet == 0; });
        segment.is_header_bad = !segment.is_uncommitted;
        return;
    }
    const OwnBody& body = header->body;
    segment.created_us = header->created_us;
    segment.used = body.offset + body.size;
    segment.body_octets = body.size;
    segment.is_body_bad = !is_own_body_whole(octets, body);
}

void Checker::tell(const SegmentReport& segment) {
    const std::string name = segment_file_name(segment.name.number, segment.name.kind);
    if (segment.is_header_bad) find("{}: its first block is damaged", name);
    if (segment.is_body_bad)
        find("{}: the body is not what was written; restore the file from a copy", name);
    if (segment.unreadable != 0)
        find(
            "{}: the disk does not give {} octets; look at its health, and restore the file from "
            "a copy",
            name, segment.unreadable);
    if (segment.missing != 0) find("{}: {} records are missing", name, segment.missing);
    if (segment.malformed != 0)
        find("{}: {} records do not say what they should", name, segment.malformed);
    for (const DamagedRange& range : segment.damage)
        if (!range.is_tail)
            find("{}: {} octets from octet {} on are damaged; restore the file from a copy", name,
                 range.size, range.offset);
}

void Checker::check(const SegmentFile& file) {
    SegmentReport segment;
    segment.name = file.name;
    segment.size = file.size;
    octets_.resize(file.size);
    const auto unreadable = source_.read(file.name, 0, octets_);
    if (!unreadable) {
        segment.unreadable = file.size;
        report_.findings.push_back(unreadable.error().message);
    } else {
        segment.unreadable = *unreadable;
        if (file.name.kind == SegmentKind::log) {
            check_log(segment);
        } else {
            check_own(segment);
        }
        tell(segment);
    }
    report_.octets += segment.size;
    report_.messages += segment.messages;
    report_.body_octets += segment.body_octets;
    report_.segments.push_back(std::move(segment));
}

void Checker::finish() {
    std::map<uint32_t, uint64_t> undone;
    for (const Message& message : messages_) {
        if (done_.contains(message.reference)) continue;
        ++undone[message.reference.segment];
        ++report_.undone;
        if (message.own_segment == 0 || own_.contains(message.own_segment)) continue;
        ++report_.lost_bodies;
        find("message {}: its body, {}, is not there", message.reference.id.text(),
             segment_file_name(message.own_segment, SegmentKind::own));
    }
    for (SegmentReport& segment : report_.segments)
        if (const auto count = undone.find(segment.name.number); count != undone.end())
            segment.undone = count->second;
}

}  // namespace

bool SegmentReport::is_damaged() const {
    return is_header_bad || is_body_bad || unreadable + missing + malformed != 0 ||
           std::ranges::any_of(damage, [](const DamagedRange& range) { return !range.is_tail; });
}

Result<StoreReport> check_store(SegmentSource& source,
                                const std::function<void(size_t, size_t)>& progress) {
    auto files = source.list();
    if (!files) return tl::unexpected(files.error());
    StoreReport report;
    Checker checker(source, report);
    size_t done = 0;
    for (const SegmentFile& file : *files) {
        if (progress) progress(done++, files->size());
        checker.check(file);
    }
    checker.finish();
    return report;
}

}  // namespace gatepost::storage
