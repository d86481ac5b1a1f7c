// One reading of a master file with all that it includes. Private to master_file.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/zone/lexer.h"
#include "storage/zone/master_file.h"
#include "storage/zone/master_file_source.h"

namespace gatepost::storage {

class MasterReader {
  public:
    MasterReader(const MasterFileOptions& options, const MasterSink& sink)
        : options_(options), sink_(sink) {}

    void read(std::string_view text, const std::string& name, const MasterText* identity);
    Status result() const;

  private:
    enum class Owner : uint8_t {
        none,  // no record yet
        known,
        broken,  // it could not be read: records that would take it over are passed over in silence
    };

    // A file that is being read. Its end brings back the origin and the owner of the file that
    // includes it (RFC 1035 §5.1), so both are kept here; TTLs go on.
    struct Source {
        Source(std::string_view text, const std::string* file);
        Lexer lexer;
        const std::string* name;
        size_t octets;
        bool is_utf16;
        std::vector<Token> tokens;  // of the entry at hand
        Dname origin;
        Dname owner;
        Owner owner_state = Owner::none;
        std::string_view owner_text;  // what `owner` was read from; empty: not from this origin
        const MasterText* identity = nullptr;
        Source* includer = nullptr;
        size_t depth = 0;
    };

    // The fields between owner and data, in either order of TTL and class.
    struct Head {
        std::optional<uint32_t> ttl;
        RRType type{};
        size_t type_token = 0;
    };

    void read_source(Source& source);
    void tell_progress(const Source& source, bool at_end);

    void take_entry(Source& source);
    void take_record(Source& source);
    bool take_owner(Source& source);
    std::optional<Head> take_head(Source& source, size_t at);
    bool inner_quotes_fit(Source& source, RRType type, size_t first);
    std::optional<uint32_t> ttl_of(const Head& head, Bytes rdata);
    bool emit(Source& source, DnameView owner, const Head& head);
    void take_rdata(Source& source, const Head& head);

    void take_directive(Source& source);
    void take_origin(Source& source);
    void take_ttl(Source& source);
    void take_include(Source& source);
    std::optional<Dname> include_origin(Source& source);
    bool include_allowed(Source& source);
    void include(Source& source, const std::string& path, const Dname& origin);
    void take_generate(Source& source);
    bool generate(Source& source, const Head& head, int64_t value, const std::string& pattern);

    bool full() const { return error_count_ > 0 && error_count_ >= options_.errors_max; }
    void report(const Source& source, TextPosition where, std::string message);
    void report(const Source& source, const Token& token, std::string message);
    void report_missing(const Source& source, std::string message);

    const MasterFileOptions& options_;
    const MasterSink& sink_;
    std::deque<std::string> names_;  // of the files read; records refer to them
    std::optional<uint32_t> default_ttl_;
    std::optional<uint32_t> last_ttl_;
    std::optional<uint32_t> soa_minimum_;
    std::vector<uint8_t> rdata_;  // reused from record to record
    std::string generated_text_;  // likewise
    std::vector<Token> generated_tokens_;
    size_t include_count_ = 0;
    uint64_t generate_count_ = 0;
    uint64_t octets_closed_ = 0;  // of files read to their end
    uint64_t octets_total_ = 0;   // of files seen
    uint64_t octets_told_ = 0;
    size_t error_count_ = 0;
    std::string errors_;
};

}  // namespace gatepost::storage
