#include "dataplane/filter/filter_scan.h"

#include <hs/hs_runtime.h>

#include <algorithm>
#include <limits>

#include "dataplane/mail/encoded_word.h"

namespace gatepost::dataplane {

using storage::FilterAction;
using storage::FilterField;

namespace {

constexpr std::string_view kJunkFolder = "\\Junk";  // RFC 6154 §2, as EnvelopeRecipient has it

}  // namespace

FilterScan::FilterScan(std::shared_ptr<const FilterDatabase> database, FilterScratch& scratch,
                       const Charsets& charsets, FilterCounters& counters)
    : database_(std::move(database)),
      scratch_(scratch),
      charsets_(charsets),
      counters_(counters),
      text_(charsets,
            [this](std::string_view text) {
                scan_stream(database_->bodies(), body_, FilterField::body, text.data(),
                            text.size());
            }),
      found_((database_->rules().patterns.size() + 63) / 64) {}

FilterScan::~FilterScan() {
    // Of a message that was not completed: nothing is reported.
    for (hs_stream* stream : {body_, raw_})
        if (stream != nullptr) ::hs_close_stream(stream, nullptr, nullptr, nullptr);
}

int FilterScan::on_match(unsigned pattern, unsigned long long, unsigned long long, unsigned,
                         void* context) {
    auto& scan = *static_cast<FilterScan*>(context);
    if (scan.is_for(scan.database_->rules().patterns[pattern]))
        scan.found_[pattern / 64] |= uint64_t{1} << (pattern % 64);
    return 0;
}

// All values are scanned for all of their patterns: those of other places are found too.
bool FilterScan::is_for(const storage::FilterPattern& pattern) const {
    switch (pattern.field) {
        case FilterField::header:
            return place_.field == FilterField::header && place_.of_message &&
                   place_.header_name == pattern.header_name;
        case FilterField::recipients:
            return place_.field == FilterField::header && place_.of_message &&
                   (place_.header_name == "to" || place_.header_name == "cc");
        case FilterField::any_header:
            return place_.field == FilterField::header;
        default:
            return place_.field == pattern.field;
    }
}

void FilterScan::scan_value(Place place, std::string_view value) {
    if (database_->values() == nullptr || value.size() > std::numeric_limits<unsigned>::max())
        return;
    place_ = place;
    (void)::hs_scan(database_->values(), value.data(), static_cast<unsigned>(value.size()), 0,
                    scratch_.get(), &on_match, this);
}

void FilterScan::scan_stream(const hs_database* database, hs_stream*& stream, FilterField field,
                             const char* octets, size_t size) {
    if (database == nullptr || unscanned_) return;
    if (stream == nullptr && ::hs_open_stream(database, 0, &stream) != HS_SUCCESS) {
        unscanned_ = true;
        return;
    }
    place_ = {.field = field};
    for (size_t at = 0; at < size;) {
        const size_t piece = std::min<size_t>(size - at, std::numeric_limits<unsigned>::max());
        (void)::hs_scan_stream(stream, octets + at, static_cast<unsigned>(piece), 0, scratch_.get(),
                               &on_match, this);
        at += piece;
    }
}

void FilterScan::end_stream(hs_stream*& stream, FilterField field) {
    if (stream == nullptr) return;
    place_ = {.field = field};
    (void)::hs_close_stream(stream, scratch_.get(), &on_match, this);
    stream = nullptr;
}

void FilterScan::take(Bytes octets) {
    scan_stream(database_->raws(), raw_, FilterField::raw,
                reinterpret_cast<const char*>(octets.data()), octets.size());
}

void FilterScan::on_header_field(uint32_t part, const HeaderField& field) {
    const bool of_message = part == 0;
    if (!database_->uses_header(field.name, of_message)) return;
    const std::string name = to_lower(field.name);
    scan_value({FilterField::header, name, of_message},
               decode_encoded_words(field.value, charsets_));
}

void FilterScan::on_part(uint32_t, const MessagePart& info) {
    if (database_->bodies() != nullptr) text_.begin(info);
}

void FilterScan::on_body(uint32_t, Bytes raw) {
    if (database_->bodies() != nullptr) text_.feed(raw);
}

// A client may send octets there that are no UTF-8, which Hyperscan must not see.
void FilterScan::scan_envelope(const storage::Envelope& envelope) {
    const auto scan = [&](FilterField field, std::string_view value) {
        if (!database_->uses(field)) return;
        value_.clear();
        charsets_.append_utf8("utf-8", value, value_);
        scan_value({.field = field}, value_);
    };
    scan(FilterField::envelope_from, envelope.reverse_path);
    scan(FilterField::helo, envelope.helo);
    scan(FilterField::client, envelope.client);
    for (const storage::EnvelopeRecipient& recipient : envelope.recipients)
        scan(FilterField::envelope_to, recipient.address);
}

FilterVerdict FilterScan::judge(const storage::Envelope& envelope,
                                std::span<const std::string> attachment_names) {
    text_.end();
    end_stream(body_, FilterField::body);
    end_stream(raw_, FilterField::raw);
    scan_envelope(envelope);
    if (database_->uses(FilterField::attachment_name))
        for (const std::string& name : attachment_names)
            scan_value({.field = FilterField::attachment_name}, name);
    FilterVerdict verdict = decide(envelope);
    count(verdict);
    return verdict;
}

FilterVerdict FilterScan::decide(const storage::Envelope& envelope) const {
    const storage::FilterImage& image = database_->rules();
    FilterVerdict verdict;
    int64_t score = 0;
    bool junk = false;
    for (const storage::FilterRule& rule : image.rules) {
        if (!found(rule.pattern)) continue;
        if (verdict.rules.size() < kFilterNamesMax) verdict.rules.emplace_back(rule.name);
        if (rule.monitor) continue;
        score += rule.score;
        junk = junk || rule.action == FilterAction::junk;
        verdict.discard = verdict.discard || rule.action == FilterAction::discard;
        if (rule.action == FilterAction::reject && !verdict.reject) {
            verdict.reject = true;
            verdict.text = "a filter rule refuses this message: " + std::string(rule.name);
        }
        if (verdict.folder.empty()) verdict.folder = rule.folder;
    }
    verdict.score = static_cast<int32_t>(std::clamp<int64_t>(
        score, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
    if (!verdict.reject && image.reject_score && verdict.score >= *image.reject_score) {
        verdict.reject = true;
        verdict.text = fmt::format("this message has too much of what filter rules are about: {}",
                                   verdict.score);
    }
    if (verdict.reject) verdict.discard = false;
    if (junk || (image.junk_score && verdict.score >= *image.junk_score))
        verdict.folder = kJunkFolder;  // whatever rules of people say
    else if (!image.filing_rules.empty())
        file(envelope, verdict);
    return verdict;
}

void FilterScan::file(const storage::Envelope& envelope, FilterVerdict& verdict) const {
    const auto& rules = database_->rules().filing_rules;
    for (size_t i = 0; i < envelope.recipients.size(); ++i) {
        const storage::EnvelopeRecipient& recipient = envelope.recipients[i];
        if (recipient.kind != storage::RecipientKind::account) continue;
        const auto own = std::ranges::equal_range(rules, recipient.account_id, {},
                                                  &storage::FilingRule::account_id);
        const auto first = std::ranges::find_if(
            own, [&](const storage::FilingRule& rule) { return found(rule.pattern); });
        if (first == own.end()) continue;
        verdict.folders.resize(envelope.recipients.size());
        verdict.folders[i] = first->folder;
    }
}

void FilterScan::count(const FilterVerdict& verdict) const {
    storage::count(unscanned_ ? counters_.unscanned : counters_.messages);
    if (!verdict.rules.empty()) storage::count(counters_.matched);
    if (verdict.reject)
        storage::count(counters_.rejected);
    else if (verdict.discard)
        storage::count(counters_.discarded);
    else if (verdict.folder == kJunkFolder)
        storage::count(counters_.junk);
}

}  // namespace gatepost::dataplane
