#include "dataplane/imap_search/summary_view.h"

#include <algorithm>

#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

bool is_address_list(size_t member) {
    return member >= static_cast<size_t>(EnvelopeMember::from) &&
           member <= static_cast<size_t>(EnvelopeMember::bcc);
}

void skip_member(SummaryScanner& scanner, size_t member) {
    if (is_address_list(member))
        scanner.skip_addresses();
    else
        scanner.optional_text();
}

}  // namespace

void SummaryScanner::skip_addresses() {
    for (uint64_t count = number(); count > 0 && ok_; --count) {
        number();  // the kind
        skip_texts(4);
    }
}

bool AddressCursor::next(AddressPiece& address) {
    if (left_ == 0 || !scanner_.ok()) return false;
    --left_;
    address.kind = static_cast<AddressKind>(scanner_.number());
    address.name = scanner_.text();
    scanner_.text();  // the source route
    address.mailbox = scanner_.text();
    address.host = scanner_.text();
    return scanner_.ok();
}

bool PartPieceCursor::next(PartPiece& part) {
    if (left_ == 0 || !scanner_.ok()) return false;
    --left_;
    scanner_.skip_numbers(2);  // parent, envelope
    part.type = scanner_.text();
    part.subtype = scanner_.text();
    part.charset = {};
    for (uint64_t count = scanner_.number(); count > 0 && scanner_.ok(); --count) {
        const std::string_view name = scanner_.text();
        const std::string_view value = scanner_.text();
        if (name == "charset") part.charset = value;
    }
    part.encoding = scanner_.text();
    for (int i = 0; i < 3; ++i) scanner_.optional_text();  // id, description, MD5
    scanner_.text();                                       // the disposition
    scanner_.skip_texts(2 * std::min<uint64_t>(scanner_.number(), scanner_.left()));
    scanner_.skip_texts(scanner_.number());  // languages
    scanner_.optional_text();                // the location
    part.header_offset = scanner_.number();
    part.header_size = scanner_.number();
    part.body_size = scanner_.number();
    scanner_.skip_numbers(2);  // lines
    return scanner_.ok();
}

bool FieldCursor::next(FieldPlace& place) {
    if (left_ == 0 || !scanner_.ok()) return false;
    --left_;
    place.name_hash = static_cast<uint32_t>(scanner_.number());
    place.offset = static_cast<uint32_t>(scanner_.number());
    place.size = static_cast<uint32_t>(scanner_.number());
    return scanner_.ok();
}

SummaryView::SummaryView(Bytes encoded) : encoded_(encoded) {
    // The version, and one octet at least for each member.
    ok_ = encoded.size() > 9 && encoded.front() == kSummaryVersion;
    if (!ok_) {
        static constexpr uint8_t kNothing[1] = {};
        encoded_ = Bytes(kNothing, 1);
    }
    parts_ = scanner_from(encoded_.data() + 1);
}

SummaryScanner SummaryView::member(EnvelopeMember wanted) {
    const auto index = static_cast<size_t>(wanted);
    if (known_ == 0) {
        PartPieceCursor cursor(parts_);
        PartPiece part;
        while (cursor.next(part)) {
        }
        SummaryScanner scanner = cursor.scanner();
        envelopes_ = scanner.number();
        if (envelopes_ == 0) scanner.fail();
        note(scanner);
        members_[known_++] = scanner.position();
    }
    if (known_ <= index) {
        SummaryScanner scanner = scanner_from(members_[known_ - 1]);
        while (known_ <= index) {
            skip_member(scanner, known_ - 1);
            members_[known_++] = scanner.position();
        }
        note(scanner);
    }
    return scanner_from(members_[index]);
}

std::optional<std::string_view> SummaryView::text(EnvelopeMember wanted) {
    SummaryScanner scanner = member(wanted);
    if (!ok_) return std::nullopt;
    auto text = scanner.optional_text();
    note(scanner);
    return text;
}

AddressCursor SummaryView::addresses(EnvelopeMember wanted) {
    // Whether the list is whole is known once what follows it has been found.
    member(static_cast<EnvelopeMember>(static_cast<size_t>(wanted) + 1));
    return AddressCursor(member(wanted));
}

FieldCursor SummaryView::fields() {
    if (fields_ == nullptr) {
        SummaryScanner scanner = member(EnvelopeMember::end);
        for (uint64_t i = 1; i < envelopes_ && scanner.ok(); ++i) {
            for (size_t m = 0; m < static_cast<size_t>(EnvelopeMember::end); ++m)
                skip_member(scanner, m);
        }
        note(scanner);
        fields_ = scanner.position();
    }
    return FieldCursor(scanner_from(fields_));
}

SummaryScanner SummaryView::behind_date() {
    if (behind_fields_ == nullptr) {
        FieldCursor cursor = fields();
        FieldPlace place;
        while (cursor.next(place)) {
        }
        note(cursor.scanner());
        behind_fields_ = cursor.scanner().position();
    }
    SummaryScanner scanner = scanner_from(behind_fields_);
    if (scanner.flag()) scanner.skip_numbers(3);
    return scanner;
}

std::optional<MessageDate> SummaryView::date() {
    behind_date();
    SummaryScanner scanner = scanner_from(behind_fields_);
    if (!ok_ || !scanner.flag()) return std::nullopt;
    MessageDate date;
    date.utc_s = scanner.signed_number();
    date.zone_minutes = static_cast<int16_t>(scanner.signed_number());
    date.has_zone = scanner.flag();
    note(scanner);
    return ok_ ? std::optional(date) : std::nullopt;
}

bool SummaryView::is_readable() {
    date();
    header_size();
    return ok_;
}

uint64_t SummaryView::header_size() {
    PartPieceCursor cursor = parts();
    PartPiece part;
    if (cursor.next(part)) return part.header_size;
    ok_ = false;
    return 0;
}

}  // namespace gatepost::dataplane
