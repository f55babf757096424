"""What the rules must find (`ruleid`) and must leave alone (`ok`); read by `semgrep --test`, never run."""

import logging
import traceback

from sqlalchemy import select, text

log = logging.getLogger(__name__)


def logs_an_error(account, event):
    try:
        work()
    except ValueError as error:
        # ruleid: exception-text-in-log
        log.warning("it failed: %s", error)
        # ruleid: exception-text-in-log
        log.error("it failed: %s %s", account.id, str(error))
        # ruleid: exception-text-in-log
        logging.info("it failed: %s", error.args)
        # ruleid: trace-in-log
        log.exception("it failed")
        # ruleid: trace-in-log
        log.error("it failed", exc_info=True)
        # ruleid: trace-in-log
        print(traceback.format_exc())
        # ok: trace-in-log
        log.error("it failed at %s", traceback.extract_tb(error.__traceback__)[-1].lineno)
        # ok: exception-text-in-log
        log.warning("it failed: %s", type(error).__name__)
        # ok: exception-text-in-log
        log.error("it failed: event=%s account=%s", event.id, account.id)
    except StorageUnavailable as error:
        # ok: exception-text-in-log
        log.warning("storage: %s", error)


def logs_given(error: Exception):
    # ruleid: exception-text-in-log
    log.warning("it failed: %s", error)
    # ok: exception-text-in-log
    log.warning("it failed: %s", type(error).__name__)


def logs_content(case, turn, waiting, label, count):
    # ruleid: content-in-log
    log.info("a case was opened: %s", case.label)
    # ruleid: content-in-log
    log.debug("typed: %s", turn.text)
    # ruleid: content-in-log
    log.debug("typed: %s", turn.text.strip())
    # ruleid: content-in-log
    log.debug("sending %s to %s", waiting.news.body, waiting.account_id)
    # ruleid: content-in-log
    log.log(logging.INFO, "a case was opened: %s", label)
    # ok: content-in-log
    log.info("a case was opened: %s", case.id)
    # ok: content-in-log
    log.info("%s of %s were sent to %s", count, waiting.news_count, waiting.account_id)
    # ok: content-in-log
    log.info("it failed: %s", type(case).__name__)


def composes_a_line(case, count):
    # ruleid: composed-log-line
    log.info(f"a case was opened: {case.id}")
    # ruleid: composed-log-line
    log.info("a case was opened: " + case.id)
    # ruleid: composed-log-line
    log.info("a case was opened: %s" % case.id)
    # ruleid: composed-log-line
    log.info("a case was opened: {}".format(case.id))
    # ok: composed-log-line
    log.info("%s cases were opened", count)


def asks_the_database(connection, cursor, label, table):
    # ruleid: raw-sql
    connection.execute(text("SELECT 1"))
    # ruleid: raw-sql
    connection.exec_driver_sql("SELECT 1")
    # ruleid: raw-sql
    cursor.execute("SELECT 1")
    # ruleid: raw-sql, sql-put-together
    cursor.execute(f"SELECT * FROM cases WHERE label = '{label}'")
    # ruleid: raw-sql, sql-put-together
    connection.exec_driver_sql(f"DROP TABLE {table}")
    # ok: raw-sql, sql-put-together
    connection.execute(select(models.Case).where(models.Case.id == label))
    # a constant of the module is no value, so the other rule is silent:
    # ruleid: raw-sql
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
