// One message on its way through the filter. It is fed as the message comes in: octets by take(),
// and what MimeParser tells its listener. Nothing is kept but which patterns were found.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/filter/filter_counters.h"
#include "dataplane/filter/filter_database.h"
#include "dataplane/filter/text_body.h"
#include "dataplane/mail/mime_listener.h"
#include "dataplane/smtp/filter_verdict.h"
#include "storage/spool/envelope.h"

struct hs_stream;

namespace gatepost::dataplane {

// Names in a verdict; the score is that of all rules that matched.
inline constexpr size_t kFilterNamesMax = 256;

class FilterScan final : public MimeListener {
  public:
    // All but the database outlive it; `scratch` has been fitted to the database.
    FilterScan(std::shared_ptr<const FilterDatabase> database, FilterScratch& scratch,
               const Charsets& charsets, FilterCounters& counters);
    ~FilterScan() override;
    FilterScan(const FilterScan&) = delete;
    FilterScan& operator=(const FilterScan&) = delete;

    // The next octets of the message as it stands.
    void take(Bytes octets);

    void on_header_field(uint32_t part, const HeaderField& field) override;
    void on_part(uint32_t part, const MessagePart& info) override;
    void on_body(uint32_t part, Bytes raw) override;

    // The message is complete. Called once.
    FilterVerdict judge(const storage::Envelope& envelope,
                        std::span<const std::string> attachment_names);

    // After judge(): whether a pattern was found, by its number.
    bool found(uint32_t pattern) const { return (found_[pattern / 64] >> (pattern % 64) & 1) != 0; }
    const FilterDatabase& database() const { return *database_; }

  private:
    // What is scanned at the moment.
    struct Place {
        storage::FilterField field = storage::FilterField::raw;
        std::string_view header_name = {};  // in lower case
        bool of_message = true;             // the field of a header is the message's
    };

    static int on_match(unsigned pattern, unsigned long long from, unsigned long long to,
                        unsigned flags, void* scan);
    bool is_for(const storage::FilterPattern& pattern) const;
    void scan_value(Place place, std::string_view value);
    void scan_stream(const hs_database* database, hs_stream*& stream, storage::FilterField field,
                     const char* octets, size_t size);
    void end_stream(hs_stream*& stream, storage::FilterField field);
    void scan_envelope(const storage::Envelope& envelope);
    FilterVerdict decide(const storage::Envelope& envelope) const;
    void file(const storage::Envelope& envelope, FilterVerdict& verdict) const;
    void count(const FilterVerdict& verdict) const;

    std::shared_ptr<const FilterDatabase> database_;
    FilterScratch& scratch_;
    const Charsets& charsets_;
    FilterCounters& counters_;
    hs_stream* body_ = nullptr;
    hs_stream* raw_ = nullptr;
    bool unscanned_ = false;
    Place place_;
    TextBody text_;
    std::vector<uint64_t> found_;  // a bit for each pattern
    std::string value_;            // in use by scan_value()
};

}  // namespace gatepost::dataplane
