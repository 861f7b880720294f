"""Triggers that keep what no request may write and no session may switch off."""

from typing import Any

import pgtrigger
from django.db import models
from pgtrigger import compiler


class OwnersTriggerSql(compiler.UpsertTriggerSql):
    """The SQL that installs a trigger whose function has the rights of the schema's owner.

    Migrations refer to it: a change of the template changes what old migrations install.
    """

    def get_template(self) -> str:
        # Unlike the original, it does not look whether the session wants it ignored.
        return """
            CREATE OR REPLACE FUNCTION {pgid}()
            RETURNS trigger AS $$
                {declare}
                BEGIN
                    {func}
                    RETURN NULL;
                END;
            $$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE FUNCTION {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class OwnersTrigger(pgtrigger.Trigger):
    """An AFTER trigger that runs with the rights of the schema's owner."""

    when = pgtrigger.After

    def compile(self, model: models.Model) -> compiler.Trigger:
        compiled = super().compile(model)
        arguments: dict[str, Any] = compiled.sql.kwargs
        return compiler.Trigger(name=compiled.name, sql=OwnersTriggerSql(**arguments))
