#include "controlplane/filter/filter_expression.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <cstdlib>
#include <iterator>

namespace gatepost::controlplane {

namespace {

using storage::FilterField;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The text itself. In a body (`folds`) a space stands for any white space, as a program that writes
// mail breaks lines where it likes.
std::string literal(std::string_view text, bool folds) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (folds && is_blank(text[i])) {
            while (i + 1 < text.size() && is_blank(text[i + 1])) ++i;
            out += "\\s+";
        } else if (c >= 0x80) {
            out += text[i];  // of a sequence of UTF-8
        } else {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
        }
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

struct FieldName {
    std::string_view name;
    FilterField field;
    std::string_view header_name = {};
};
constexpr FieldName kFields[] = {
    {"header", FilterField::header},
    {"subject", FilterField::header, "subject"},
    {"from", FilterField::header, "from"},
    {"to", FilterField::recipients},
    {"any_header", FilterField::any_header},
    {"body", FilterField::body},
    {"envelope_from", FilterField::envelope_from},
    {"envelope_to", FilterField::envelope_to},
    {"helo", FilterField::helo},
    {"client", FilterField::client},
    {"attachment_name", FilterField::attachment_name},
    {"raw", FilterField::raw},
};

// A pattern is reported once for each value or stream. All but raw messages is valid UTF-8.
unsigned flags_for(FilterField field, bool case_sensitive) {
    unsigned flags = HS_FLAG_SINGLEMATCH;
    if (!case_sensitive) flags |= HS_FLAG_CASELESS;
    if (field != FilterField::raw) flags |= HS_FLAG_UTF8;
    if (field == FilterField::raw || field == FilterField::body) flags |= HS_FLAG_MULTILINE;
    return flags;
}

Status check(const FilterExpression& expression) {
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* error = nullptr;
    const hs_error_t code =
        ::hs_expression_info(expression.text.c_str(), expression.flags, &info, &error);
    std::free(info);
    if (code == HS_SUCCESS) return {};
    const std::string reason = error != nullptr ? error->message : "no reason was given";
    ::hs_free_compile_error(error);
    return fail(ErrorCode::invalid, "the regular expression is not valid: {}", reason);
}

}  // namespace

Result<FilterExpression> filter_expression(const FilterRuleRow& rule) {
    FilterExpression expression;
    const FieldName* known = nullptr;
    for (const FieldName& field : kFields)
        if (field.name == rule.field) known = &field;
    if (known == nullptr)
        return fail(ErrorCode::invalid, "this program does not know the field \"{}\"", rule.field);
    expression.field = known->field;
    if (known->field == FilterField::header)
        expression.header_name =
            known->header_name.empty() ? lower(rule.header_name) : std::string(known->header_name);
    expression.flags = flags_for(expression.field, rule.case_sensitive);
    if (rule.kind == "contains") {
        expression.text = literal(rule.pattern, expression.field == FilterField::body);
    } else if (rule.kind == "equals") {
        expression.text = "^" + literal(rule.pattern, false) + "\\z";
    } else if (rule.kind == "regex") {
        // An expression of Hyperscan ends at its first NUL.
        if (rule.pattern.find('\0') != std::string::npos)
            return fail(ErrorCode::invalid, "the regular expression has a NUL in it: write \\x00");
        expression.text = rule.pattern;
        if (Status ok = check(expression); !ok) return tl::unexpected(std::move(ok).error());
    } else {
        return fail(ErrorCode::invalid, "this program does not know patterns of the kind \"{}\"",
                    rule.kind);
    }
    return expression;
}

FilterExpression filing_expression(const FilingRuleRow& rule) {
    return {FilterField::header, lower(rule.field), literal(rule.contains, false),
            flags_for(FilterField::header, false)};
}

Result<storage::FilterAction> filter_action(std::string_view name) {
    using storage::FilterAction;
    if (name == "score") return FilterAction::score;
    if (name == "reject") return FilterAction::reject;
    if (name == "junk") return FilterAction::junk;
    if (name == "discard") return FilterAction::discard;
    if (name == "tag") return FilterAction::tag;
    return fail(ErrorCode::invalid, "this program does not know the action \"{}\"", name);
}

}  // namespace gatepost::controlplane
