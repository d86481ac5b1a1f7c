// $ORIGIN, $TTL, $INCLUDE and $GENERATE.
#include <fmt/format.h>

#include <filesystem>

#include "storage/zone/master_file_fields.h"
#include "storage/zone/master_file_generate.h"
#include "storage/zone/master_file_reader.h"
#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

// The words of a $GENERATE line's data as the text that each value is put into. BIND has one word
// there, in quotes where the data has blanks; several words are taken as they are.
std::string generate_pattern(std::span<const Token> tokens) {
    if (tokens.size() == 1) return std::string(tokens.front().text);
    std::string pattern;
    for (const Token& token : tokens) {
        if (!pattern.empty()) pattern += ' ';
        if (token.quoted) pattern += '"';
        pattern += token.text;
        if (token.quoted) pattern += '"';
    }
    return pattern;
}

}  // namespace

void MasterReader::take_directive(Source& source) {
    const Token& name = source.tokens.front();
    if (equal_without_case(name.text, "$ORIGIN")) return take_origin(source);
    if (equal_without_case(name.text, "$TTL")) return take_ttl(source);
    if (equal_without_case(name.text, "$INCLUDE")) return take_include(source);
    if (equal_without_case(name.text, "$GENERATE")) return take_generate(source);
    report(source, name,
           fmt::format("{} is not a directive, expected $ORIGIN, $TTL, $INCLUDE or $GENERATE "
                       "(a name that begins with '$' is written with '\\$')",
                       shown(name.text)));
    source.owner_state = Owner::broken;
}

void MasterReader::take_origin(Source& source) {
    if (source.tokens.size() == 1)
        return report_missing(source, "$ORIGIN without a name, expected one");
    if (source.tokens.size() > 2)
        return report(source, source.tokens[2],
                      fmt::format("{} behind the name of $ORIGIN, expected nothing",
                                  shown(source.tokens[2].text)));
    Result<Dname> name = dname_from_text(source.tokens[1].text, source.origin);
    if (!name) return report(source, source.tokens[1], name.error().message);
    source.origin = *name;
    source.owner_text = {};
}

void MasterReader::take_ttl(Source& source) {
    if (source.tokens.size() == 1)
        return report_missing(source, "$TTL without a TTL, expected one");
    if (source.tokens.size() > 2)
        return report(source, source.tokens[2],
                      fmt::format("{} behind the TTL of $TTL, expected nothing",
                                  shown(source.tokens[2].text)));
    Result<uint32_t> ttl = ttl_from_text(source.tokens[1].text);
    if (!ttl) return report(source, source.tokens[1], ttl.error().message);
    default_ttl_ = *ttl;
}

void MasterReader::take_include(Source& source) {
    if (source.tokens.size() == 1)
        return report_missing(source, "$INCLUDE without a file, expected its name");
    if (source.tokens.size() > 3)
        return report(source, source.tokens[3],
                      fmt::format("{} behind the origin of $INCLUDE, expected nothing",
                                  shown(source.tokens[3].text)));
    if (!include_allowed(source)) return;
    std::optional<Dname> origin = include_origin(source);
    if (!origin) return;
    std::filesystem::path path = unescaped(source.tokens[1].text);
    // Relative to the including file, so that a zone's folder can be moved as a whole.
    if (path.is_relative() && source.identity != nullptr)
        path = std::filesystem::path(*source.name).parent_path() / path;
    include(source, path.string(), *origin);
}

std::optional<Dname> MasterReader::include_origin(Source& source) {
    if (source.tokens.size() == 2) return source.origin;
    Result<Dname> name = dname_from_text(source.tokens[2].text, source.origin);
    if (name) return *name;
    report(source, source.tokens[2], name.error().message);
    return {};
}

bool MasterReader::include_allowed(Source& source) {
    const Token& token = source.tokens.front();
    if (!options_.allow_include) {
        report(source, token, "$INCLUDE is not allowed here, expected the records themselves");
        return false;
    }
    if (source.depth >= options_.include_depth_max) {
        report(source, token,
               fmt::format("$INCLUDE nested more than {} deep, expected fewer levels",
                           options_.include_depth_max));
        return false;
    }
    if (++include_count_ > options_.include_count_max) {
        report(source, token,
               fmt::format("more than {} $INCLUDE lines in one reading, expected fewer",
                           options_.include_count_max));
        return false;
    }
    return true;
}

void MasterReader::include(Source& source, const std::string& path, const Dname& origin) {
    const Token& token = source.tokens[1];
    Result<MasterText> loaded = load_master_text(path, SourceKind::regular);
    if (!loaded) return report(source, token, loaded.error().message);
    for (const Source* open = &source; open != nullptr; open = open->includer)
        if (open->identity != nullptr && open->identity->device == loaded->device &&
            open->identity->inode == loaded->inode)
            return report(source, token,
                          fmt::format("$INCLUDE of '{}', which is being read already, expected no "
                                      "file to include itself",
                                      path));
    Source included(loaded->text, &names_.emplace_back(path));
    included.origin = origin;
    included.owner = source.owner;
    included.owner_state = source.owner_state;
    included.identity = &*loaded;
    included.includer = &source;
    included.depth = source.depth + 1;
    octets_closed_ += source.lexer.offset();
    read_source(included);
    octets_closed_ -= source.lexer.offset();
}

// $GENERATE range owner [TTL] [class] type data
void MasterReader::take_generate(Source& source) {
    constexpr std::string_view kExample = "expected as in '$GENERATE 1-254 host$ A 192.0.2.$'";
    if (source.tokens.size() < 4)
        return report_missing(
            source,
            fmt::format("$GENERATE needs a range, an owner, a type and data, {}", kExample));
    Result<GenerateRange> range = generate_range_from_text(source.tokens[1].text);
    if (!range) return report(source, source.tokens[1], range.error().message);
    std::optional<Head> head = take_head(source, 3);
    if (!head) return;
    if (head->type_token + 1 == source.tokens.size())
        return report_missing(source, fmt::format("$GENERATE without data, {}", kExample));
    if (range->count() > options_.generate_count_max - generate_count_)
        return report(
            source, source.tokens[1],
            fmt::format("the $GENERATE lines make {} records with this one, expected at most {}",
                        generate_count_ + range->count(), options_.generate_count_max));
    generate_count_ += range->count();
    std::string pattern = generate_pattern(std::span(source.tokens).subspan(head->type_token + 1));
    for (int64_t value = range->start; value <= range->stop; value += range->step)
        if (!generate(source, *head, value, pattern)) return;
}

// One record of a $GENERATE line. False: something about it was reported.
bool MasterReader::generate(Source& source, const Head& head, int64_t value,
                            const std::string& pattern) {
    auto refuse = [&](const Token& token, std::string_view message) {
        report(source, token, fmt::format("{} (for the value {} of $GENERATE)", message, value));
        return false;
    };
    const Token& owner_token = source.tokens[2];
    const Token& data_token = source.tokens[head.type_token + 1];
    Status expanded = expand_generate_pattern(owner_token.text, value, generated_text_);
    if (!expanded) return refuse(owner_token, expanded.error().message);
    Result<Dname> owner = dname_from_text(generated_text_, source.origin);
    if (!owner) return refuse(owner_token, owner.error().message);
    expanded = expand_generate_pattern(pattern, value, generated_text_);
    if (!expanded) return refuse(data_token, expanded.error().message);
    if (Status split = tokenize_rdata(generated_text_, generated_tokens_); !split)
        return refuse(data_token, split.error().message);
    rdata_.clear();
    if (auto parsed = rdata_from_tokens(head.type, generated_tokens_, source.origin, rdata_);
        !parsed)
        return refuse(data_token, parsed.error().message);
    return emit(source, *owner, head);
}

}  // namespace gatepost::storage
