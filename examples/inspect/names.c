/* Numbers of the public headers as words: see names.h. */
#include "names.h"

#include <mailproto/imap_server.h>
#include <mailproto/pop3.h>
#include <mailproto/smtp.h>

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define END                                                                            \
    {                                                                                  \
        0, NULL                                                                        \
    }

const word event_words[] = {{MAILPROTO_EV_TLS_GO, "TLS_GO"},
                            {MAILPROTO_EV_CONTENT_WANTED, "CONTENT_WANTED"},
                            {MAILPROTO_EV_CONTENT, "CONTENT"},
                            {MAILPROTO_EV_CONTENT_END, "CONTENT_END"},
                            {MAILPROTO_EV_CONTENT_ABORTED, "CONTENT_ABORTED"},
                            {MAILPROTO_EV_AUTH_START, "AUTH_START"},
                            {MAILPROTO_EV_AUTH_DATA, "AUTH_DATA"},
                            {MAILPROTO_EV_AUTH_RESULT, "AUTH_RESULT"},
                            {MAILPROTO_EV_CLOSED, "CLOSED"},
                            {MAILPROTO_EV_LAYER_GO, "LAYER_GO"},
                            {MAILPROTO_EV_ROOM, "ROOM"},
                            {MAILPROTO_EV_NEED_MEMORY, "NEED_MEMORY"},
                            {MAILPROTO_EV_MEMORY_BACK, "MEMORY_BACK"},
                            {MAILPROTO_EV_REFUSED, "REFUSED"},
                            {MAILPROTO_EV_SMTP_GREETING, "SMTP_GREETING"},
                            {MAILPROTO_EV_SMTP_CAPS, "SMTP_CAPS"},
                            {MAILPROTO_EV_SMTP_REPLY, "SMTP_REPLY"},
                            {MAILPROTO_EV_SMTP_FINAL, "SMTP_FINAL"},
                            {MAILPROTO_EV_SMTP_CONNECT, "SMTP_CONNECT"},
                            {MAILPROTO_EV_SMTP_HELO, "SMTP_HELO"},
                            {MAILPROTO_EV_SMTP_MAIL, "SMTP_MAIL"},
                            {MAILPROTO_EV_SMTP_RCPT, "SMTP_RCPT"},
                            {MAILPROTO_EV_SMTP_DATA, "SMTP_DATA"},
                            {MAILPROTO_EV_SMTP_DELIVER, "SMTP_DELIVER"},
                            {MAILPROTO_EV_SMTP_RSET, "SMTP_RSET"},
                            {MAILPROTO_EV_SMTP_COMMAND, "SMTP_COMMAND"},
                            {MAILPROTO_EV_SMTP_EARLY_TALKER, "SMTP_EARLY_TALKER"},
                            {MAILPROTO_EV_SMTP_QUIT, "SMTP_QUIT"},
                            {MAILPROTO_EV_POP3_GREETING, "POP3_GREETING"},
                            {MAILPROTO_EV_POP3_CAPS, "POP3_CAPS"},
                            {MAILPROTO_EV_POP3_REPLY, "POP3_REPLY"},
                            {MAILPROTO_EV_POP3_ITEM, "POP3_ITEM"},
                            {MAILPROTO_EV_POP3_LINE, "POP3_LINE"},
                            {MAILPROTO_EV_POP3_COMMIT, "POP3_COMMIT"},
                            {MAILPROTO_EV_POP3_CONNECT, "POP3_CONNECT"},
                            {MAILPROTO_EV_POP3_LOGIN, "POP3_LOGIN"},
                            {MAILPROTO_EV_POP3_OPEN, "POP3_OPEN"},
                            {MAILPROTO_EV_POP3_NEED_SIZE, "POP3_NEED_SIZE"},
                            {MAILPROTO_EV_POP3_NEED_UID, "POP3_NEED_UID"},
                            {MAILPROTO_EV_POP3_RETR, "POP3_RETR"},
                            {MAILPROTO_EV_POP3_UPDATE_ITEM, "POP3_UPDATE_ITEM"},
                            {MAILPROTO_EV_POP3_UPDATE, "POP3_UPDATE"},
                            {MAILPROTO_EV_POP3_COMMAND, "POP3_COMMAND"},
                            {MAILPROTO_EV_POP3_LANG, "POP3_LANG"},
                            {MAILPROTO_EV_POP3_RSET, "POP3_RSET"},
                            {MAILPROTO_EV_POP3_QUIT, "POP3_QUIT"},
                            {MAILPROTO_EV_IMAP_CONNECT, "IMAP_CONNECT"},
                            {MAILPROTO_EV_IMAP_COMMAND, "IMAP_COMMAND"},
                            {MAILPROTO_EV_IMAP_LITERAL, "IMAP_LITERAL"},
                            {MAILPROTO_EV_IMAP_IDLE, "IMAP_IDLE"},
                            {MAILPROTO_EV_IMAP_SYNC, "IMAP_SYNC"},
                            {MAILPROTO_EV_IMAP_REJECTED, "IMAP_REJECTED"},
                            END};

const word flag_words[] = {
    {MAILPROTO_EVF_MORE, "MORE"},           {MAILPROTO_EVF_NEEDS_REPLY, "NEEDS_REPLY"},
    {MAILPROTO_EVF_LINE_MORE, "LINE_MORE"}, {MAILPROTO_EVF_REJECTED, "REJECTED"},
    {MAILPROTO_EVF_REWIND, "REWIND"},       {MAILPROTO_EVF_SECURE, "SECURE"},
    {MAILPROTO_EVF_INITIAL, "INITIAL"},     {MAILPROTO_EVF_REPAIRED, "REPAIRED"},
    {MAILPROTO_EVF_UNCLEAN, "UNCLEAN"},     END};

const word path_words[] = {
    {MAILPROTO_SMTP_PATH_NULL, "NULL"},       {MAILPROTO_SMTP_PATH_QUOTED, "QUOTED"},
    {MAILPROTO_SMTP_PATH_LITERAL, "LITERAL"}, {MAILPROTO_SMTP_PATH_UTF8, "UTF8"},
    {MAILPROTO_SMTP_PATH_ROUTE, "ROUTE"},     END};

const word smtp_verb_words[] = {{MAILPROTO_SMTP_VERB_UNKNOWN, "UNKNOWN"},
                                {MAILPROTO_SMTP_VERB_EHLO, "EHLO"},
                                {MAILPROTO_SMTP_VERB_HELO, "HELO"},
                                {MAILPROTO_SMTP_VERB_LHLO, "LHLO"},
                                {MAILPROTO_SMTP_VERB_MAIL, "MAIL"},
                                {MAILPROTO_SMTP_VERB_RCPT, "RCPT"},
                                {MAILPROTO_SMTP_VERB_DATA, "DATA"},
                                {MAILPROTO_SMTP_VERB_BDAT, "BDAT"},
                                {MAILPROTO_SMTP_VERB_RSET, "RSET"},
                                {MAILPROTO_SMTP_VERB_VRFY, "VRFY"},
                                {MAILPROTO_SMTP_VERB_EXPN, "EXPN"},
                                {MAILPROTO_SMTP_VERB_HELP, "HELP"},
                                {MAILPROTO_SMTP_VERB_NOOP, "NOOP"},
                                {MAILPROTO_SMTP_VERB_QUIT, "QUIT"},
                                {MAILPROTO_SMTP_VERB_STARTTLS, "STARTTLS"},
                                {MAILPROTO_SMTP_VERB_AUTH, "AUTH"},
                                END};

const word body_words[] = {{MAILPROTO_SMTP_BODY_7BIT, "7BIT"},
                           {MAILPROTO_SMTP_BODY_8BITMIME, "8BITMIME"},
                           {MAILPROTO_SMTP_BODY_BINARYMIME, "BINARYMIME"},
                           END};

const word origin_words[] = {{MAILPROTO_ORIGIN_NONE, "NONE"},
                             {MAILPROTO_ORIGIN_PEER, "PEER"},
                             {MAILPROTO_ORIGIN_LOCAL, "LOCAL"},
                             {MAILPROTO_ORIGIN_TRANSPORT, "TRANSPORT"},
                             END};

const word smtp_cap_words[] = {{MAILPROTO_SMTP_CAP_PIPELINING, "PIPELINING"},
                               {MAILPROTO_SMTP_CAP_SIZE, "SIZE"},
                               {MAILPROTO_SMTP_CAP_8BITMIME, "8BITMIME"},
                               {MAILPROTO_SMTP_CAP_SMTPUTF8, "SMTPUTF8"},
                               {MAILPROTO_SMTP_CAP_ENHANCED, "ENHANCEDSTATUSCODES"},
                               {MAILPROTO_SMTP_CAP_STARTTLS, "STARTTLS"},
                               {MAILPROTO_SMTP_CAP_AUTH, "AUTH"},
                               {MAILPROTO_SMTP_CAP_CHUNKING, "CHUNKING"},
                               {MAILPROTO_SMTP_CAP_BINARYMIME, "BINARYMIME"},
                               {MAILPROTO_SMTP_CAP_DSN, "DSN"},
                               {MAILPROTO_SMTP_CAP_VRFY, "VRFY"},
                               {MAILPROTO_SMTP_CAP_EXPN, "EXPN"},
                               {MAILPROTO_SMTP_CAP_HELP, "HELP"},
                               {MAILPROTO_SMTP_CAP_ETRN, "ETRN"},
                               {MAILPROTO_SMTP_CAP_DELIVERBY, "DELIVERBY"},
                               {MAILPROTO_SMTP_CAP_FUTURERELEASE, "FUTURERELEASE"},
                               {MAILPROTO_SMTP_CAP_MT_PRIORITY, "MT-PRIORITY"},
                               {MAILPROTO_SMTP_CAP_REQUIRETLS, "REQUIRETLS"},
                               {MAILPROTO_SMTP_CAP_LIMITS, "LIMITS"},
                               {MAILPROTO_SMTP_CAP_RRVS, "RRVS"},
                               {MAILPROTO_SMTP_CAP_BURL, "BURL"},
                               {MAILPROTO_SMTP_CAP_XCLIENT, "XCLIENT"},
                               {MAILPROTO_SMTP_CAP_XFORWARD, "XFORWARD"},
                               END};

const word pop3_verb_words[] = {{MAILPROTO_POP3_VERB_UNKNOWN, "UNKNOWN"},
                                {MAILPROTO_POP3_VERB_USER, "USER"},
                                {MAILPROTO_POP3_VERB_PASS, "PASS"},
                                {MAILPROTO_POP3_VERB_APOP, "APOP"},
                                {MAILPROTO_POP3_VERB_AUTH, "AUTH"},
                                {MAILPROTO_POP3_VERB_CAPA, "CAPA"},
                                {MAILPROTO_POP3_VERB_STLS, "STLS"},
                                {MAILPROTO_POP3_VERB_UTF8, "UTF8"},
                                {MAILPROTO_POP3_VERB_LANG, "LANG"},
                                {MAILPROTO_POP3_VERB_STAT, "STAT"},
                                {MAILPROTO_POP3_VERB_LIST, "LIST"},
                                {MAILPROTO_POP3_VERB_UIDL, "UIDL"},
                                {MAILPROTO_POP3_VERB_RETR, "RETR"},
                                {MAILPROTO_POP3_VERB_TOP, "TOP"},
                                {MAILPROTO_POP3_VERB_DELE, "DELE"},
                                {MAILPROTO_POP3_VERB_RSET, "RSET"},
                                {MAILPROTO_POP3_VERB_NOOP, "NOOP"},
                                {MAILPROTO_POP3_VERB_QUIT, "QUIT"},
                                END};

const word pop3_reply_words[] = {{MAILPROTO_POP3_OK, "OK"},
                                 {MAILPROTO_POP3_ERR, "ERR"},
                                 {MAILPROTO_POP3_NO_REPLY, "NONE"},
                                 END};

const word pop3_resp_words[] = {{MAILPROTO_POP3_RESP_NONE, "NONE"},
                                {MAILPROTO_POP3_RESP_LOGIN_DELAY, "LOGIN-DELAY"},
                                {MAILPROTO_POP3_RESP_IN_USE, "IN-USE"},
                                {MAILPROTO_POP3_RESP_SYS_TEMP, "SYS/TEMP"},
                                {MAILPROTO_POP3_RESP_SYS_PERM, "SYS/PERM"},
                                {MAILPROTO_POP3_RESP_AUTH, "AUTH"},
                                {MAILPROTO_POP3_RESP_UTF8, "UTF8"},
                                END};

const word pop3_commit_words[] = {{MAILPROTO_POP3_COMMIT_DONE, "DONE"},
                                  {MAILPROTO_POP3_COMMIT_FAILED, "FAILED"},
                                  {MAILPROTO_POP3_COMMIT_UNKNOWN, "UNKNOWN"},
                                  {MAILPROTO_POP3_COMMIT_NOT, "NOT"},
                                  {MAILPROTO_POP3_COMMIT_NOTHING, "NOTHING"},
                                  END};

const word pop3_cap_words[] = {{MAILPROTO_POP3_CAP_TOP, "TOP"},
                               {MAILPROTO_POP3_CAP_USER, "USER"},
                               {MAILPROTO_POP3_CAP_SASL, "SASL"},
                               {MAILPROTO_POP3_CAP_RESP_CODES, "RESP-CODES"},
                               {MAILPROTO_POP3_CAP_LOGIN_DELAY, "LOGIN-DELAY"},
                               {MAILPROTO_POP3_CAP_PIPELINING, "PIPELINING"},
                               {MAILPROTO_POP3_CAP_EXPIRE, "EXPIRE"},
                               {MAILPROTO_POP3_CAP_UIDL, "UIDL"},
                               {MAILPROTO_POP3_CAP_IMPLEMENTATION, "IMPLEMENTATION"},
                               {MAILPROTO_POP3_CAP_AUTH_RESP_CODE, "AUTH-RESP-CODE"},
                               {MAILPROTO_POP3_CAP_STLS, "STLS"},
                               {MAILPROTO_POP3_CAP_UTF8, "UTF8"},
                               {MAILPROTO_POP3_CAP_UTF8_USER, "UTF8-USER"},
                               {MAILPROTO_POP3_CAP_LANG, "LANG"},
                               END};

const word imap_reply_words[] = {{MAILPROTO_IMAP_OK, "OK"},
                                 {MAILPROTO_IMAP_NO, "NO"},
                                 {MAILPROTO_IMAP_BAD, "BAD"},
                                 {MAILPROTO_IMAP_BYE, "BYE"},
                                 END};

const word imap_cap_words[] = {
    {MAILPROTO_IMAP_CAP_REV1, "IMAP4rev1"},
    {MAILPROTO_IMAP_CAP_REV2, "IMAP4rev2"},
    {MAILPROTO_IMAP_CAP_LITERAL_PLUS, "LITERAL+"},
    {MAILPROTO_IMAP_CAP_LITERAL_MINUS, "LITERAL-"},
    {MAILPROTO_IMAP_CAP_SASL_IR, "SASL-IR"},
    {MAILPROTO_IMAP_CAP_STARTTLS, "STARTTLS"},
    {MAILPROTO_IMAP_CAP_IDLE, "IDLE"},
    {MAILPROTO_IMAP_CAP_NAMESPACE, "NAMESPACE"},
    {MAILPROTO_IMAP_CAP_ID, "ID"},
    {MAILPROTO_IMAP_CAP_ENABLE, "ENABLE"},
    {MAILPROTO_IMAP_CAP_UIDPLUS, "UIDPLUS"},
    {MAILPROTO_IMAP_CAP_MOVE, "MOVE"},
    {MAILPROTO_IMAP_CAP_UNSELECT, "UNSELECT"},
    {MAILPROTO_IMAP_CAP_SPECIAL_USE, "SPECIAL-USE"},
    {MAILPROTO_IMAP_CAP_CREATE_SPECIAL_USE, "CREATE-SPECIAL-USE"},
    {MAILPROTO_IMAP_CAP_CHILDREN, "CHILDREN"},
    {MAILPROTO_IMAP_CAP_LIST_EXTENDED, "LIST-EXTENDED"},
    {MAILPROTO_IMAP_CAP_LIST_STATUS, "LIST-STATUS"},
    {MAILPROTO_IMAP_CAP_ESEARCH, "ESEARCH"},
    {MAILPROTO_IMAP_CAP_SEARCHRES, "SEARCHRES"},
    {MAILPROTO_IMAP_CAP_CONDSTORE, "CONDSTORE"},
    {MAILPROTO_IMAP_CAP_QRESYNC, "QRESYNC"},
    {MAILPROTO_IMAP_CAP_BINARY, "BINARY"},
    {MAILPROTO_IMAP_CAP_MULTIAPPEND, "MULTIAPPEND"},
    {MAILPROTO_IMAP_CAP_APPENDLIMIT, "APPENDLIMIT"},
    {MAILPROTO_IMAP_CAP_STATUS_SIZE, "STATUS=SIZE"},
    {MAILPROTO_IMAP_CAP_UTF8_ACCEPT, "UTF8=ACCEPT"},
    {MAILPROTO_IMAP_CAP_OBJECTID, "OBJECTID"},
    {MAILPROTO_IMAP_CAP_SAVEDATE, "SAVEDATE"},
    END};

const char *word_of(const word *words, uint64_t value)
{
    for (; words->name != NULL; words++) {
        if (words->value == value) {
            return words->name;
        }
    }
    return NULL;
}

int value_of(const word *words, const char *name, uint64_t len, uint64_t *value)
{
    for (; words->name != NULL; words++) {
        if (strlen(words->name) == len && strncasecmp(words->name, name, len) == 0) {
            *value = words->value;
            return 0;
        }
    }
    return -1;
}
