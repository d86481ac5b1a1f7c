#include "dataplane/http/dns_records.h"

#include "dataplane/dns/message.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kQuestionFixed = 4;  // type and class
constexpr size_t kRecordFixed = 10;   // type, class, TTL, length

}  // namespace

DnsRecords::DnsRecords(Bytes message) : message_(message) {
    if (message.size() < kHeaderSize) return;
    ok_ = true;
    at_ = kHeaderSize;
    for (uint16_t i = load_be16(message.data() + kQdcountAt); i > 0 && ok_; --i) {
        ok_ = skip_name() && message_.size() - at_ >= kQuestionFixed;
        if (ok_) at_ += kQuestionFixed;
    }
    counts_[0] = load_be16(message.data() + kAncountAt);
    counts_[1] = load_be16(message.data() + kNscountAt);
    counts_[2] = load_be16(message.data() + kArcountAt);
}

// RFC 1035 §4.1.4: a name ends with the root or with a pointer.
bool DnsRecords::skip_name() {
    while (at_ < message_.size()) {
        uint8_t length = message_[at_];
        if (length == 0) {
            ++at_;
            return true;
        }
        if ((length & 0xc0) == 0xc0) {
            at_ += 2;
            return at_ <= message_.size();
        }
        if ((length & 0xc0) != 0) return false;
        at_ += size_t{length} + 1;
    }
    return false;
}

bool DnsRecords::next(DnsRecord& record) {
    size_t section = 0;
    while (section < 3 && counts_[section] == 0) ++section;
    if (!ok_ || section == 3) return false;
    --counts_[section];
    record.section = static_cast<DnsSection>(section);
    record.owner = at_;
    ok_ = skip_name() && message_.size() - at_ >= kRecordFixed;
    if (!ok_) return false;
    const uint8_t* fixed = message_.data() + at_;
    record.type = load_be16(fixed);
    record.record_class = load_be16(fixed + 2);
    record.ttl = load_be32(fixed + 4);
    record.rdata_length = load_be16(fixed + 8);
    record.rdata = at_ + kRecordFixed;
    ok_ = message_.size() - record.rdata >= record.rdata_length;
    if (ok_) at_ = record.rdata + record.rdata_length;
    return ok_;
}

}  // namespace gatepost::dataplane
