// The records of a master file; its directives are in master_file_directives.cc.
#include "storage/zone/master_file_reader.h"

#include <algorithm>

#include "storage/zone/master_file_fields.h"
#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

constexpr uint64_t kProgressStep = 1 << 20;  // octets between two calls

bool begins_number(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

// By its byte order mark, which is no ASCII and no UTF-8.
MasterReader::Source::Source(std::string_view text, const std::string* file)
    : lexer(text),
      name(file),
      octets(text.size()),
      is_utf16(text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {}

void MasterReader::read(std::string_view text, const std::string& name,
                        const MasterText* identity) {
    default_ttl_ = options_.default_ttl;
    Source source(text, &names_.emplace_back(name));
    source.origin = options_.origin;
    source.identity = identity;
    read_source(source);
}

Status MasterReader::result() const {
    if (error_count_ == 0) return {};
    if (full())
        return fail(ErrorCode::invalid, "{}\n(reading stopped at {} errors)", errors_,
                    error_count_);
    return fail(ErrorCode::invalid, "{}", errors_);
}

void MasterReader::read_source(Source& source) {
    octets_total_ += source.octets;
    if (source.is_utf16) {
        report(
            source, TextPosition{},
            "the text is UTF-16, expected ASCII or UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)");
        return;
    }
    while (!full()) {
        Lexer::Outcome outcome = source.lexer.next(source.tokens);
        if (outcome == Lexer::Outcome::end) break;
        if (outcome == Lexer::Outcome::entry) {
            take_entry(source);
        } else {
            report(source, source.lexer.problem_position(), source.lexer.problem());
            if (!source.lexer.starts_blank()) source.owner_state = Owner::broken;
        }
        tell_progress(source, false);
    }
    tell_progress(source, true);
    octets_closed_ += source.octets;
}

void MasterReader::tell_progress(const Source& source, bool at_end) {
    if (!options_.progress) return;
    uint64_t done = octets_closed_ + source.lexer.offset();
    if (!at_end && done - octets_told_ < kProgressStep) return;
    octets_told_ = done;
    options_.progress(done, octets_total_);
}

void MasterReader::take_entry(Source& source) {
    const Token& first = source.tokens.front();
    if (first.quoted || !first.text.starts_with('$')) {
        take_record(source);
    } else if (source.lexer.starts_blank()) {
        report(source, first,
               fmt::format("{} behind a blank, expected a directive in the first column",
                           shown(first.text)));
    } else {
        take_directive(source);
    }
}

void MasterReader::take_record(Source& source) {
    if (!take_owner(source)) return;
    size_t at = source.lexer.starts_blank() ? 0 : 1;
    if (std::optional<Head> head = take_head(source, at)) take_rdata(source, *head);
}

// RFC 1035 §5.1: a line that begins with a blank belongs to the owner of the one before.
bool MasterReader::take_owner(Source& source) {
    const Token& token = source.tokens.front();
    if (source.lexer.starts_blank()) {
        if (source.owner_state == Owner::none)
            report(source, {token.line, 1},
                   "a line that begins with a blank takes the owner of the record before it, and "
                   "there is none, "
                   "expected a name");
        return source.owner_state == Owner::known;
    }
    // Records of one owner mostly stand together.
    if (!source.owner_text.empty() && token.text == source.owner_text && !token.quoted) return true;
    source.owner_text = {};
    source.owner_state = Owner::broken;
    if (token.quoted) {
        report(source, token,
               fmt::format("an owner in quotes, expected {} without them", shown(token.text)));
        return false;
    }
    Result<Dname> name = dname_from_text(token.text, source.origin);
    if (!name) {
        report(source, token, name.error().message);
        return false;
    }
    source.owner = *name;
    source.owner_text = token.text;
    source.owner_state = Owner::known;
    return true;
}

// RFC 1035 §5.1: "[<TTL>] [<class>] <type>" or "[<class>] [<TTL>] <type>".
std::optional<MasterReader::Head> MasterReader::take_head(Source& source, size_t at) {
    Head head;
    bool has_class = false;
    for (; at < source.tokens.size(); ++at) {
        const Token& token = source.tokens[at];
        if (!head.ttl && !token.text.empty() && begins_number(token.text.front())) {
            Result<uint32_t> ttl = ttl_from_text(token.text);
            if (!ttl) {
                report(source, token, ttl.error().message);
                return {};
            }
            head.ttl = *ttl;
        } else if (std::optional<uint16_t> number =
                       has_class ? std::nullopt : class_from_text(token.text)) {
            if (*number != kClassIn) {
                report(source, token,
                       fmt::format("the class {} is not served, expected IN", shown(token.text)));
                return {};
            }
            has_class = true;
        } else {
            break;
        }
    }
    if (at == source.tokens.size()) {
        report_missing(source, "the record has no type, expected one like A, MX or TXT");
        return {};
    }
    const Token& token = source.tokens[at];
    Result<RRType> type = rrtype_from_text(token.text);
    if (!type || token.quoted) {
        report(source, token,
               fmt::format(
                   "{} is not a record type, expected one like A, MX or TXT, or TYPE and a number",
                   shown(token.text)));
        return {};
    }
    if (rrtype_is_meta(*type)) {
        report(
            source, token,
            fmt::format("{} is a type of questions and messages, expected one that a zone can hold",
                        shown(token.text)));
        return {};
    }
    head.type = *type;
    head.type_token = at;
    return head;
}

// A quote inside a word has a meaning only in the parameters of SVCB and HTTPS (RFC 9460 §2.1).
bool MasterReader::inner_quotes_fit(Source& source, RRType type, size_t first) {
    if (!source.lexer.has_inner_quotes() || type == RRType::SVCB || type == RRType::HTTPS)
        return true;
    for (size_t at = first; at < source.tokens.size(); ++at) {
        const Token& token = source.tokens[at];
        if (token.quoted || token.text.find("=\"") == std::string_view::npos) continue;
        report(source, token,
               fmt::format("a '\"' inside the word {}, expected the whole word in quotes, or \\\" "
                           "for the character",
                           shown(token.text)));
        return false;
    }
    return true;
}

void MasterReader::take_rdata(Source& source, const Head& head) {
    size_t first = head.type_token + 1;
    if (!inner_quotes_fit(source, head.type, first)) return;
    std::span<const Token> tokens(source.tokens.data() + first, source.tokens.size() - first);
    rdata_.clear();
    if (auto parsed = rdata_from_tokens(head.type, tokens, source.origin, rdata_); !parsed) {
        if (parsed.error().token < tokens.size())
            report(source, tokens[parsed.error().token], parsed.error().message);
        else
            report_missing(source, parsed.error().message);
        return;
    }
    emit(source, source.owner, head);
}

// RFC 2308 §4: the TTL of the record itself, else that of $TTL; RFC 1035 §5.1: else the one stated
// last. Before either there was only the SOA's minimum, which older files still count on.
std::optional<uint32_t> MasterReader::ttl_of(const Head& head, Bytes rdata) {
    if (head.ttl) return last_ttl_ = head.ttl;
    // RFC 2308 §4: a signature without a TTL has that of the RRset it covers, which is in its data
    // (RFC 4034 §3.1.4).
    if (head.type == RRType::RRSIG && rdata.size() >= 8)
        return std::min(load_be32(rdata.data() + 4), kTtlMax);
    if (default_ttl_) return default_ttl_;
    if (last_ttl_) return last_ttl_;
    return soa_minimum_;
}

// Hands the record in rdata_ to the sink. False: something about it was reported.
bool MasterReader::emit(Source& source, DnameView owner, const Head& head) {
    // RFC 1035 §3.3.13: the minimum is the last field.
    if (head.type == RRType::SOA)
        soa_minimum_ = std::min(load_be32(&rdata_[rdata_.size() - 4]), kTtlMax);
    std::optional<uint32_t> ttl = ttl_of(head, rdata_);
    const Token& first = source.tokens.front();
    if (!ttl) {
        report(source, source.tokens[head.type_token],
               "the record has no TTL, expected one before the type, or a $TTL line above");
        return false;
    }
    Status taken = sink_({.owner = owner,
                          .type = head.type,
                          .ttl = *ttl,
                          .rdata = rdata_,
                          .file = source.name,
                          .line = first.line});
    if (!taken) report(source, first, taken.error().message);
    return taken.has_value();
}

void MasterReader::report(const Source& source, TextPosition where, std::string message) {
    MasterError error{*source.name, where.line, where.column, std::move(message)};
    if (error_count_++ > 0) errors_ += '\n';
    errors_ += error.text();
    if (options_.errors != nullptr) options_.errors->push_back(std::move(error));
}

void MasterReader::report(const Source& source, const Token& token, std::string message) {
    report(source, TextPosition{token.line, token.column}, std::move(message));
}

void MasterReader::report_missing(const Source& source, std::string message) {
    report(source, source.lexer.end(), std::move(message));
}

}  // namespace gatepost::storage
