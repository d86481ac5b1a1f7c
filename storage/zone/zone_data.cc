#include "storage/zone/zone_data.h"

#include <algorithm>
#include <cstring>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

// A sort key compares, octet by octet, as RFC 4034 §6.1 orders names: labels from the right, each
// ended by an octet 0 that sorts before every other; 0 and 1 inside a label become 1 1 and 1 2.
void append_key(DnameView name, std::vector<uint8_t>& out) {
    const uint8_t* labels[kLabelCountMax];
    size_t count = 0;
    for (const uint8_t* p = name.data(); *p != 0; p += *p + 1) labels[count++] = p;
    while (count > 0) {
        const uint8_t* label = labels[--count];
        for (size_t i = 1; i <= *label; ++i) {
            uint8_t c = label[i];
            if (c <= 1) {
                out.push_back(1);
                ++c;
            }
            out.push_back(c);
        }
        out.push_back(0);
    }
}

int compare(Bytes a, Bytes b) {
    size_t common = std::min(a.size(), b.size());
    int difference = common != 0 ? std::memcmp(a.data(), b.data(), common) : 0;
    if (difference != 0) return difference;
    return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0);
}

bool equal(Bytes a, Bytes b) {
    return compare(a, b) == 0;
}

uint64_t prefix_of(Bytes key, size_t skip) {
    uint8_t octets[8] = {};
    if (key.size() > skip)
        std::memcpy(octets, key.data() + skip, std::min<size_t>(8, key.size() - skip));
    return load_be64(octets);
}

uint32_t original_ttl(Bytes rrsig) {
    return rrsig.size() >= 8 ? std::min(load_be32(rrsig.data() + 4), kTtlMax) : 0;
}

}  // namespace

std::optional<Soa> ZoneData::soa() const {
    if (!soa_) return {};
    Result<Soa> fields = soa_from_rdata(*soa_->rdatas().begin());
    if (!fields) return {};
    fields->ttl = soa_->ttl();
    return *fields;
}

std::string ZoneData::place(const RRset& rrset) const {
    if (rrset.line() == 0) return {};
    return fmt::format("{}:{}", files_[rrset.file()], rrset.line());
}

bool ZoneData::operator==(const ZoneData& other) const {
    return equal(apex_.view().wire(), other.apex_.view().wire()) && soa_ == other.soa_ &&
           rrsets_ == other.rrsets_;
}

void ZoneDataBuilder::add(const MasterRecord& record) {
    GATEPOST_CHECK(record.rdata.size() <= kRdataLengthMax);
    Entry entry{.offset = octets_.size(),
                .ttl = record.ttl,
                .line = record.file != nullptr ? record.line : 0,
                .file = file_number(record.file),
                .rdata_length = static_cast<uint16_t>(record.rdata.size()),
                .owner_length = static_cast<uint8_t>(record.owner.length()),
                .type = record.type};
    if (record.type == RRType::RRSIG) entry.ttl = original_ttl(record.rdata);
    Dname lower = dname_lower(record.owner);
    append_key(lower, octets_);
    entry.key_length = static_cast<uint16_t>(octets_.size() - entry.offset);
    Bytes owner = lower.view().wire();
    octets_.insert(octets_.end(), owner.begin(), owner.end());
    octets_.insert(octets_.end(), record.rdata.begin(), record.rdata.end());
    entries_.push_back(entry);
    if (!apex_ && record.type == RRType::SOA) apex_ = lower;
}

uint16_t ZoneDataBuilder::file_number(const std::string* file) {
    if (file == nullptr) return 0;
    // Records of one file stand together.
    for (size_t number = files_.size(); number > 0; --number)
        if (files_[number - 1] == *file) return static_cast<uint16_t>(number - 1);
    if (files_.size() <= UINT16_MAX) files_.push_back(*file);
    return static_cast<uint16_t>(files_.size() - 1);
}

// How many octets all keys begin with: those of the apex, unless there is data out of the zone.
size_t ZoneDataBuilder::shared_key_octets() const {
    Bytes first = key(entries_.front());
    size_t shared = first.size();
    for (const Entry& entry : entries_) {
        Bytes other = key(entry);
        size_t length = std::min(shared, other.size());
        if (length == 0) return 0;
        if (std::memcmp(first.data(), other.data(), length) != 0)
            length = static_cast<size_t>(
                std::mismatch(first.begin(), first.begin() + static_cast<ptrdiff_t>(length),
                              other.begin())
                    .first -
                first.begin());
        shared = length;
    }
    return shared;
}

bool ZoneDataBuilder::same_owner(const Entry& a, const Entry& b) const {
    return a.key_prefix == b.key_prefix && equal(key(a), key(b));
}

void ZoneDataBuilder::sort() {
    if (entries_.empty()) return;
    size_t shared = shared_key_octets();
    for (Entry& entry : entries_) entry.key_prefix = prefix_of(key(entry), shared);
    auto before = [this](const Entry& a, const Entry& b) {
        if (a.key_prefix != b.key_prefix) return a.key_prefix < b.key_prefix;
        if (int difference = compare(key(a), key(b)); difference != 0) return difference < 0;
        if (a.type != b.type) return a.type < b.type;
        return a.offset < b.offset;
    };
    // A file that was written in canonical order is common.
    if (!std::is_sorted(entries_.begin(), entries_.end(), before))
        std::sort(entries_.begin(), entries_.end(), before);
}

Result<ZoneData> ZoneDataBuilder::finish() {
    if (!apex_) {
        *this = ZoneDataBuilder();
        return fail(ErrorCode::invalid,
                    "no SOA record, so that the zone's name is not known; expected one, or the "
                    "name to be given");
    }
    ZoneData zone;
    zone.apex_ = dname_lower(*apex_);
    sort();
    zone.rrsets_.reserve(entries_.size());
    for (size_t begin = 0, end = 0; begin < entries_.size(); begin = end) {
        const Entry& first = entries_[begin];
        for (end = begin + 1; end < entries_.size(); ++end)
            if (entries_[end].type != first.type || !same_owner(entries_[end], first)) break;
        group(std::span(entries_).subspan(begin, end - begin), zone);
    }
    zone.rrsets_.shrink_to_fit();
    zone.files_ = std::move(files_);
    *this = ZoneDataBuilder();
    return zone;
}

void ZoneDataBuilder::group(std::span<const Entry> entries, ZoneData& zone) {
    RRset rrset = make_rrset(entries, zone);
    if (rrset.type() == RRType::SOA && dname_equal(rrset.owner(), zone.apex_))
        zone.soa_ = std::move(rrset);
    else
        zone.rrsets_.push_back(std::move(rrset));
}

RRset ZoneDataBuilder::make_rrset(std::span<const Entry> entries, ZoneData& zone) {
    const Entry& first = entries.front();
    auto [lowest, highest] = std::ranges::minmax(entries, {}, &Entry::ttl);
    RRset rrset(owner(first), first.type, lowest.ttl);
    rrset.set_place(first.file, first.line);
    zone.record_count_ += entries.size();
    // Signatures over RRsets of different TTLs differ in it too: they are no RRset (RFC 4034 §3).
    if (lowest.ttl != highest.ttl && first.type != RRType::RRSIG)
        zone.ttl_conflicts_.push_back(
            {Dname(owner(first)), first.type, lowest.ttl, highest.ttl,
             first.line != 0 ? fmt::format("{}:{}", files_[first.file], first.line) : ""});
    if (entries.size() == 1) {
        rrset.reserve(1, first.rdata_length);
        rrset.add(rdata(first));
        return rrset;
    }
    // RFC 4034 §6.3: ordered by the canonical form; RFC 2181 §5: the same data twice is one record.
    struct Candidate {
        std::vector<uint8_t> canonical;
        Bytes rdata;
    };
    std::vector<Candidate> candidates;
    candidates.reserve(entries.size());
    size_t octets = 0;
    for (const Entry& entry : entries) {
        Bytes data = rdata(entry);
        Candidate& candidate = candidates.emplace_back(Candidate{{data.begin(), data.end()}, data});
        rdata_canonicalize(first.type, candidate.canonical);
        octets += data.size();
    }
    std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
        return compare(a.canonical, b.canonical) < 0;
    });
    rrset.reserve(entries.size(), octets);
    const Candidate* previous = nullptr;
    for (const Candidate& candidate : candidates) {
        if (previous != nullptr && equal(previous->canonical, candidate.canonical)) {
            ++zone.duplicate_count_;
            continue;
        }
        rrset.add(candidate.rdata);
        previous = &candidate;
    }
    zone.record_count_ -= entries.size() - rrset.count();
    return rrset;
}

Result<ZoneData> read_zone_file(const std::string& path, const MasterFileOptions& options,
                                std::optional<Dname> apex) {
    ZoneDataBuilder builder(apex);
    Status read = read_master_file(path, options, [&](const MasterRecord& record) -> Status {
        builder.add(record);
        return {};
    });
    if (!read) return tl::unexpected(read.error());
    return builder.finish();
}

}  // namespace gatepost::storage
