#include "controlplane/pg/error.h"

#include <libpq-fe.h>

#include <algorithm>
#include <string>

namespace gatepost::controlplane {
namespace {

bool is_sqlstate(std::string_view text) {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
}

void trim(std::string& text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
}

// Appends `sentence` as one of its own.
void append_sentence(std::string& text, const char* sentence) {
    if (sentence == nullptr || *sentence == '\0') return;
    trim(text);
    if (!text.empty() && text.back() != '.' && text.back() != '!' && text.back() != '?')
        text += '.';
    if (!text.empty()) text += ' ';
    text += sentence;
    trim(text);
}

// "…: FATAL:  28P01: password…" → "28P01", and cut out of the text.
std::string cut_sqlstate(std::string& text) {
    for (size_t at = text.find(":  "); at != std::string::npos; at = text.find(":  ", at + 1)) {
        const size_t begin = at + 3;
        if (text.size() < begin + 7 || text.compare(begin + 5, 2, ": ") != 0) continue;
        std::string state = text.substr(begin, 5);
        if (!is_sqlstate(state)) continue;
        text.erase(begin, 7);
        return state;
    }
    return {};
}

// A verbose message ends with the place in PostgreSQL's source, which helps nobody here.
void cut_location(std::string& text) {
    const size_t at = text.find("\nLOCATION:");
    if (at == std::string::npos) return;
    const size_t end = text.find('\n', at + 1);
    text.erase(at, end == std::string::npos ? std::string::npos : end - at);
}

// libpq writes several lines, the further ones indented; a message of ours is one.
void join_lines(std::string& text) {
    for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
        const size_t end = std::min(text.find_first_not_of("\n\t ", at), text.size());
        text.replace(at, end - at, "; ");
    }
}

struct CodeOfState {
    std::string_view prefix;
    ErrorCode code;
};

// The first prefix that fits counts.
constexpr CodeOfState kCodes[] = {
    {"08", ErrorCode::unreachable},     // connection exception
    {"3D000", ErrorCode::unreachable},  // the database does not exist
    {"53300", ErrorCode::unreachable},  // too many connections
    {"57P", ErrorCode::unreachable},    // shut down, crashed, not yet ready
    {"28", ErrorCode::permission},      // authentication
    {"42501", ErrorCode::permission},   // insufficient privilege
    {"40", ErrorCode::conflict},        // serialization failure, deadlock
    {"55P03", ErrorCode::conflict},     // lock not available
    {"55006", ErrorCode::conflict},     // object in use
    {"22", ErrorCode::invalid},         // data exception
    {"23", ErrorCode::invalid},         // integrity constraint violation
    {"44", ErrorCode::invalid},         // WITH CHECK OPTION violation
    {"P0001", ErrorCode::invalid},      // RAISE EXCEPTION of our triggers
    {"3F000", ErrorCode::schema},       // the schema does not exist
    {"42P01", ErrorCode::schema},       // undefined table
    {"42703", ErrorCode::schema},       // undefined column
    {"42883", ErrorCode::schema},       // undefined function
    {"42704", ErrorCode::schema},       // undefined object, such as the publication
};

}  // namespace

ErrorCode error_code_from_sqlstate(std::string_view sqlstate) {
    for (const CodeOfState& entry : kCodes)
        if (sqlstate.starts_with(entry.prefix)) return entry.code;
    return ErrorCode::refused;
}

Error error_from_result(const pg_result* result) {
    const auto field = [&](int code) { return PQresultErrorField(result, code); };
    const char* state = field(PG_DIAG_SQLSTATE);
    Error error;
    // Without SQLSTATE it is libpq that speaks: the connection is gone.
    error.code = state == nullptr ? ErrorCode::unreachable : error_code_from_sqlstate(state);
    if (const char* primary = field(PG_DIAG_MESSAGE_PRIMARY)) {
        error.message = primary;
    } else {
        error.message = PQresultErrorMessage(result);
        trim(error.message);
    }
    append_sentence(error.message, field(PG_DIAG_MESSAGE_DETAIL));
    append_sentence(error.message, field(PG_DIAG_MESSAGE_HINT));
    if (error.code == ErrorCode::schema)
        append_sentence(error.message,
                        "The database lacks what this program needs: see `gatepost schema "
                        "status`, then `gatepost schema migrate`.");
    if (error.code == ErrorCode::conflict)
        append_sentence(
            error.message,
            "Another transaction was in the way, and this one took no effect: try again.");
    if (error.message.empty()) error.message = "PostgreSQL gave no reason";
    return error;
}

Error error_from_connection(const pg_conn* conn) {
    if (conn == nullptr) return {ErrorCode::unreachable, "not connected to PostgreSQL"};
    Error error;
    error.message = PQerrorMessage(conn);
    cut_location(error.message);
    trim(error.message);
    join_lines(error.message);
    const std::string state = cut_sqlstate(error.message);
    if (!state.empty())
        error.code = error_code_from_sqlstate(state);
    else if (PQconnectionNeedsPassword(conn) != 0)
        error.code = ErrorCode::permission;
    else if (PQstatus(conn) != CONNECTION_OK)
        error.code = ErrorCode::unreachable;
    if (error.message.empty()) error.message = "the connection to PostgreSQL failed";
    return error;
}

bool error_is_transient(const Error& error) {
    return error.code == ErrorCode::unreachable || error.code == ErrorCode::conflict;
}

}  // namespace gatepost::controlplane
